package feed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// fuzzTarget is a fuzz test of what others send, or of what is computed from it.
type fuzzTarget struct{ folder, name string }

// fuzzTargets are those below rtpfeed. Readers of files and the timeline's are of issues A and C.
var fuzzTargets = []fuzzTarget{
	{"rtpfeed", "FuzzPacket"},
	{"rtpfeed", "FuzzAssemble"},
	{"rtpfeed", "FuzzSequence"},
	{"rtpfeed/sound", "FuzzOpus"},
	{"rtpfeed/clock", "FuzzGroup"},
	{"rtpfeed/journal", "FuzzParse"},
	{"rtpfeed/journal", "FuzzRead"},
	{"rtpfeed", "FuzzReorder"},
	{"rtpfeed", "FuzzPassthrough"},
	{"rtpfeed/clock", "FuzzSlots"},
	{"rtpfeed/sound", "FuzzSamples"},
}

func (t fuzzTarget) id() string {
	return "fuzz-" + strings.ToLower(filepath.Base(t.folder)+"-"+strings.TrimPrefix(t.name, "Fuzz"))
}

// fuzzLast is the last line that the fuzzer says of its progress.
var fuzzLast = regexp.MustCompile(`(?m)^fuzz: elapsed: .*execs: ([0-9]+) .*new interesting: ([0-9]+) \(total: ([0-9]+)\)$`)

// fuzzed has one worker look for an input that the target does not bear. What it finds of interest stays in
// .cache/fuzz, where scripts/corpus looks for what is worth keeping; an input that fails is put into the package's
// testdata.
func fuzzed(t fuzzTarget, length time.Duration) accept.Case {
	return accept.Case{
		ID: t.id(), Line: 6, Title: fmt.Sprintf("%s of %s, %v", t.name, t.folder, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			root, err := rig.RepoRoot()
			if err != nil {
				return err
			}
			cache, err := rig.CacheDir()
			if err != nil {
				return err
			}
			corpus, program := filepath.Join(cache, "fuzz", t.folder), filepath.Join(cache, "bin", t.id()+".test")
			if err := os.MkdirAll(corpus, 0o755); err != nil {
				return err
			}
			build := exec.CommandContext(ctx, "go", "test", "-c", "-fuzz=^"+t.name+"$", "-o", program, "./"+t.folder)
			build.Dir = root
			if text, err := build.CombinedOutput(); err != nil {
				return fmt.Errorf("build %s: %w: %s", t.name, err, text)
			}
			run := exec.CommandContext(ctx, program, "-test.run=^$", "-test.fuzz=^"+t.name+"$", "-test.parallel=1",
				"-test.fuzztime="+length.String(), "-test.fuzzcachedir="+corpus)
			run.Dir = filepath.Join(root, t.folder)
			text, err := run.CombinedOutput()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
				return fmt.Errorf("run %s: %w", t.name, errors.Join(err, ctx.Err()))
			}
			o.Want(err == nil, "%s", text[max(0, len(text)-2000):])
			said := fuzzLast.FindAllSubmatch(text, -1)
			o.Want(len(said) > 0, "the fuzzer says nothing: %s", text)
			if len(said) > 0 {
				last := said[len(said)-1]
				o.Add("executions, inputs of interest found, in all", "%s, %s, %s", last[1], last[2], last[3])
			}
			return nil
		},
	}
}
