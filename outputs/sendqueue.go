package outputs

import (
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// stallLimit is how long a server may acknowledge nothing of what waits for it.
const stallLimit = 6 * time.Second

// sendQueue is what the kernel knows of what was written to a connection.
type sendQueue struct {
	waiting bool   // something is not acknowledged, or not even sent
	acked   uint64 // bytes acknowledged since the connection was made
}

// queueOf asks the kernel. It fails where the connection is gone.
func queueOf(c *net.TCPConn) (sendQueue, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return sendQueue{}, err
	}
	var q sendQueue
	var asked error
	err = raw.Control(func(fd uintptr) {
		waiting, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil {
			asked = fmt.Errorf("send queue: %w", err)
			return
		}
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			asked = fmt.Errorf("TCP_INFO: %w", err)
			return
		}
		q = sendQueue{waiting > 0, info.Bytes_acked}
	})
	if err != nil {
		return sendQueue{}, err
	}
	return q, asked
}

// ackWatch finds a server that takes nothing any more, though its connection stands: gone without a word, or stuck.
type ackWatch struct {
	since time.Time // of the last sign of life, or of nothing to wait for
	acked uint64
}

// stalled is told the queue every now and then.
func (w *ackWatch) stalled(now time.Time, q sendQueue) bool {
	if w.since.IsZero() || !q.waiting || q.acked != w.acked {
		w.since, w.acked = now, q.acked
		return false
	}
	return now.Sub(w.since) >= stallLimit
}
