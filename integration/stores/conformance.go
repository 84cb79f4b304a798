package stores

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// suites are the tests of package uploads that are about a store, by their names' beginnings.
var suites = []string{"TestS3", "TestGCS", "TestAzure", "TestAliOSS", "TestLocal"}

// conformance runs the suite of package uploads and counts.
func conformance() accept.Case {
	return accept.Case{
		ID: "conformance", Line: 1, Title: "the conformance suite of each store against its emulator, and its faults: 500, 403, 429, silence, a cut in mid-part, slowness, spoilt bytes, resumption",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			root, err := rig.RepoRoot()
			if err != nil {
				return err
			}
			cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-json", "-run", "^("+strings.Join(suites, "|")+")", "./uploads")
			cmd.Dir = root
			out, failed := cmd.Output()
			passed := map[string]int{}
			lines := bufio.NewScanner(bytes.NewReader(out))
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				var event struct{ Action, Test string }
				if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
					return fmt.Errorf("read what go test says: %w", err)
				}
				for _, suite := range suites {
					switch {
					case !strings.HasPrefix(event.Test, suite):
					case event.Action == "pass":
						passed[suite]++
					case event.Action == "fail":
						o.Want(false, "%s", event.Test)
					}
				}
			}
			o.Want(failed == nil, "go test: %v", failed)
			for _, suite := range suites {
				o.Add(strings.TrimPrefix(suite, "Test"), "%d tests", passed[suite])
				o.Want(passed[suite] > 0, "no test of %s has passed", suite)
			}
			return lines.Err()
		},
	}
}
