package uploads

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sendAhead is how much of a body may wait in the kernel unsent, bytes. On a slow line megabytes would, and a connection
// on which they still move would be taken for one that stands still.
const sendAhead = 128 << 10

// limitAhead sets a new socket's. Where the kernel does not know that, nothing is lost.
func limitAhead(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, sendAhead)
	})
}
