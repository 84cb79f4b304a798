package ffpipe

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Pipe returns a close-on-exec pipe, enlarged to size bytes if the system
// allows. Failing to enlarge is no error: unprivileged users share 64 MiB of
// pipe pages, and everything works with 64 KiB as well, with more wake-ups.
// Size 0 leaves the system's default.
func Pipe(size int) (r, w *os.File, err error) {
	r, w, err = os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe: %w", err)
	}
	if size > 0 {
		// Not through Fd, which would make the end blocking and its Close
		// unable to wake a writer.
		if raw, err := w.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) {
				_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size)
			})
		}
	}
	return r, w, nil
}
