package service

import (
	"fmt"
	"os"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// makeWorkDir makes sure at start that recordings can be kept, so that no request finds out.
func makeWorkDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("work_dir: %w", workfile.Denied(dir, err))
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return fmt.Errorf("work_dir: %w", workfile.Denied(dir, err))
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return fmt.Errorf("work_dir: %w", err)
	}
	return nil
}
