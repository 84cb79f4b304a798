package outputs

import (
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The test binary is its own fake encoder: with this variable set it behaves
// badly in one way and exits.
const (
	fakeEnv      = "FFEGRESS_TEST_FAKE_ENCODER"
	fakeStateEnv = "FFEGRESS_TEST_FAKE_STATE"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(fakeEnv); kind != "" {
		fakeEncoder(kind)
		return
	}
	goleak.VerifyTestMain(m)
}

func fakeEncoder(kind string) {
	switch kind {
	case "exit":
		_, _ = os.Stderr.WriteString("Unknown encoder 'libx264'\n")
		os.Exit(1)
	case "silent": // neither reads nor writes
		_, _ = os.Stdin.Read(make([]byte, 1)) // /dev/null
		hang()
	case "leave": // takes little and exits as if all were well
		for _, fd := range []uintptr{3, 4} {
			_, _ = io.ReadFull(os.NewFile(fd, "input"), make([]byte, 1000))
		}
	case "another init": // a second run that disagrees with the first
		state := os.Getenv(fakeStateEnv)
		t := fakeVideo
		if _, err := os.Stat(state); err == nil {
			t.shift = 0
		} else if err := os.WriteFile(state, nil, 0o600); err != nil {
			os.Exit(2)
		}
		_, _ = os.Stdout.Write(join(fakeInit(t, fakeAudio), half(0, true)))
		if t.shift == 0 {
			hang()
		}
		os.Exit(1)
	case "noise":
		_, _ = os.Stdout.Write(make([]byte, 100))
		hang()
	}
}

// hang does nothing until the process is killed. An empty select would be a deadlock, of which Go dies without cgo.
func hang() {
	r, w, err := os.Pipe()
	if err != nil {
		os.Exit(2)
	}
	defer w.Close()
	_, _ = r.Read(make([]byte, 1))
}
