package image

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// crossed compiles what the image is of for the other architecture.
func crossed() accept.Case {
	return accept.Case{
		ID: "arm64", Line: 2, Title: "ffegress compiles for arm64",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			root, err := rig.RepoRoot()
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "arm64-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			binary := filepath.Join(dir, "ffegress")
			cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/ffegress")
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
			text, err := cmd.CombinedOutput()
			o.Want(err == nil, "%v: %s", err, lastLines(string(text), 10))
			if err != nil {
				return nil
			}
			file, err := os.Stat(binary)
			if err != nil {
				return err
			}
			o.Add("binary for arm64", "%s", fmt.Sprintf("%d MB", file.Size()/1e6))
			return nil
		},
	}
}
