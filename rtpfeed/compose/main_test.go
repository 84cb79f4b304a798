package compose

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// TestMain has more tests wait at once than there are processors: most of what they do is to play in real time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
