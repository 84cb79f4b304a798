package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// A recording at 3 Mb/s needs 1.4 GB an hour, twice that while its final file is made.
const (
	spaceNeeded = 1 << 30
	spaceWished = 5 << 30
)

// checkWorkDir looks at the place of what is being recorded.
func checkWorkDir(_ context.Context, s *subject) []Result {
	dir := s.conf.WorkDir
	free, err := tryFolder(dir)
	if err != nil {
		return fail(folderFault(dir, err), "make it writable for the user who runs ffegress, or set work_dir to another directory")
	}
	return roomy(dir, free)
}

// roomy judges a folder that can be written.
func roomy(dir string, f folder) []Result {
	const remedy = "set work_dir to a directory on a larger disk, or make room"
	gib := float64(f.free) / (1 << 30)
	switch {
	case f.free < spaceNeeded:
		return fail(fmt.Sprintf("%s has %.1f GiB left", dir, gib), remedy)
	case f.free < spaceWished:
		return warn(fmt.Sprintf("%s has %.1f GiB left: an hour of recording needs up to 3", dir, gib), remedy)
	case f.memory:
		return warn(fmt.Sprintf("%s is in memory: a restart of the machine loses what was being recorded", dir), "set work_dir to a directory on a disk")
	}
	return ok("%s can be written, %.0f GiB left", dir, gib)
}

// checkOutputs looks at the place that relative file names of requests count from.
func checkOutputs(_ context.Context, s *subject) []Result {
	if s.conf.DisallowLocalStorage {
		return ok("local files are switched off (disallow_local_storage)")
	}
	if len(s.conf.LocalOutput.Roots) > 0 {
		return checkRoots(s.conf.Ground())
	}
	dir, err := filepath.Abs(s.conf.Storage.Prefix)
	if err != nil {
		return fail(oneLine(err), "start ffegress in a directory that exists")
	}
	if _, err := tryFolder(dir); err == nil {
		return ok("%s can be written", dir)
	} else if s.conf.Storage.Prefix != "" {
		return fail(folderFault(dir, err), "make it writable for the user who runs ffegress, or set storage.prefix to another directory")
	} else {
		return warn(folderFault(dir, err)+"; relative file names count from there", "start ffegress in a directory that can be written, or name absolute paths in requests")
	}
}

// checkRoots looks at each of local_output_roots, and whether what is made there can be given its owner.
func checkRoots(g workfile.Ground) (all []Result) {
	for _, root := range g.Roots {
		_, err := tryFolder(root)
		if err == nil && isFolder(root) {
			err = g.Try(root)
		}
		if err != nil {
			all = append(all, fail(folderFault(root, err),
				"make it writable for the user who runs ffegress; only root may give files to another local_output_owner")...)
			continue
		}
		all = append(all, ok("%s can be written", root)...)
	}
	return all
}

func isFolder(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

// folder is what is known of one that can be written.
type folder struct {
	free   uint64 // bytes
	memory bool   // its files are in memory
}

// tryFolder makes the folder, writes a file into it, and takes away again whatever it made: the service may run as
// another user, and then owns what it makes itself.
func tryFolder(dir string) (f folder, err error) {
	var made []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, os.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	defer func() {
		for _, d := range made {
			_ = os.Remove(d) // not empty: somebody else began to use it
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return f, workfile.Denied(dir, err)
	}
	probe, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		return f, workfile.Denied(dir, err)
	}
	defer func() { err = errors.Join(err, os.Remove(probe.Name())) }()
	if err := errors.Join(probe.Truncate(1), probe.Close()); err != nil {
		return f, err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return f, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	return folder{st.Bavail * uint64(st.Bsize), st.Type == unix.TMPFS_MAGIC}, nil
}

// folderFault says what is wrong without the name of the file that was tried.
func folderFault(dir string, err error) string {
	var denied *workfile.DeniedError
	if errors.As(err, &denied) {
		return fmt.Sprintf("%s cannot be written: %s belongs to uid %d (%v), this is uid %d", dir, denied.Dir, denied.Owner, denied.Mode, denied.UID)
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		return fmt.Sprintf("%s cannot be written: %s", dir, no.Error())
	}
	return fmt.Sprintf("%s cannot be written: %s", dir, oneLine(err))
}
