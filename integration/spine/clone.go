package spine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// cleanClone builds, demonstrates and tests a fresh clone of the commit, twice.
func cleanClone() accept.Case {
	return accept.Case{
		ID: "clean-clone", Line: 1, Title: "go build, make demo and make test on a clean clone; the second runs are quick",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			root, err := rig.RepoRoot()
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp(filepath.Join(root, ".cache"), "clone-*")
			if err != nil {
				return err
			}
			clone := filepath.Join(dir, "ffegress")
			steps := []struct {
				name, dir string
				argv      []string
			}{
				{"git clone", root, []string{"git", "clone", "--quiet", "--no-hardlinks", root, clone}},
				{"go build ./...", clone, []string{"go", "build", "./..."}},
				{"make demo", clone, []string{"make", "demo"}},
				{"make demo again", clone, []string{"make", "demo"}},
				{"make test", clone, []string{"make", "test"}},
				{"make test again", clone, []string{"make", "test"}},
			}
			for _, s := range steps {
				took, err := run(ctx, s.dir, filepath.Join(dir, "log"), s.argv)
				o.Add(s.name, "%.0f s", took.Seconds())
				o.Want(err == nil, "%s: %v", s.name, err)
			}
			if len(o.Missed) > 0 {
				return nil // the clone stays to be looked at
			}
			return os.RemoveAll(dir)
		},
	}
}

// run runs a command with a clean environment for builds and keeps what it prints.
func run(ctx context.Context, dir, log string, argv []string) (time.Duration, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	for _, kv := range os.Environ() {
		// The clone uses its own binaries, whatever this run was told to use.
		if !hasKey(kv, "FFEGRESS", "LIVEKIT_SERVER") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	err = cmd.Run()
	return time.Since(begun), errors.Join(err, out.Close())
}

func hasKey(kv string, keys ...string) bool {
	for _, k := range keys {
		if len(kv) > len(k) && kv[:len(k)+1] == k+"=" {
			return true
		}
	}
	return false
}
