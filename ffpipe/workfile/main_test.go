package workfile

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// fakeMode makes the test binary an ffmpeg that is not one.
const fakeMode = "WORKFILE_FAKE_FFMPEG"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" {
		fakeFFmpeg(mode)
		return
	}
	goleak.VerifyTestMain(m)
}

// fakeFFmpeg writes something into its output, the last argument.
func fakeFFmpeg(mode string) {
	out := strings.TrimPrefix(os.Args[len(os.Args)-1], "file:")
	if os.WriteFile(out, []byte("half a file"), 0o600) != nil {
		os.Exit(9)
	}
	switch mode {
	case "fail":
		os.Stderr.WriteString("No space left on device\n")
		os.Exit(1)
	case "stall":
		for {
			<-time.After(time.Hour)
		}
	case "half": // and says that all is well
	}
}
