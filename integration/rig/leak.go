package rig

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Before is what was there before a job began.
type Before struct {
	displays []string
	dirs     []string
}

// LookBefore remembers X displays, and the folders that must be empty of
// files again after the job.
func LookBefore(dirs ...string) Before { return Before{displays(), dirs} }

// Leaks waits until the processes are gone and everything is as it was before, and
// says what is not when ctx ends. procs are what Descendants gave during the
// job, without what is to stay.
func (b Before) Leaks(ctx context.Context, procs []Process) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left := b.left(procs)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("left behind: %s", strings.Join(left, "; "))
		case <-tick.C:
		}
	}
}

func (b Before) left(procs []Process) []string {
	var left []string
	for _, p := range procs {
		if now, err := readStat(p.PID); err == nil && now.StartTicks == p.StartTicks {
			left = append(left, fmt.Sprintf("process %d %s (%s)", p.PID, p.Name, p.Role))
		}
	}
	for _, d := range displays() {
		if !slices.Contains(b.displays, d) && stale(d) {
			left = append(left, "X display "+d)
		}
	}
	for _, dir := range b.dirs {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && path != dir {
				left = append(left, "file "+path)
			}
			return nil
		})
	}
	return left
}

// stale tells whether nobody answers at a display. One that answers has a
// process, and those are looked at by themselves; it may be somebody else's.
func stale(socket string) bool {
	for _, name := range []string{"@" + socket, socket} {
		if conn, err := net.Dial("unix", name); err == nil {
			conn.Close()
			return false
		}
	}
	return true
}

func displays() []string {
	list, _ := filepath.Glob("/tmp/.X11-unix/X*")
	return list
}

// OpenFiles counts the descriptors a process has open.
func OpenFiles(pid int) (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list), err
}
