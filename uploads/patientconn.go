package uploads

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// patientConn fails when nothing moves in either direction for a while. A bound on whole requests would not do: a
// large part on a slow line takes its time.
type patientConn struct {
	net.Conn
	patience time.Duration
	silent   atomic.Bool
}

func newPatientConn(c net.Conn, patience time.Duration) net.Conn {
	p := &patientConn{Conn: c, patience: patience}
	p.moved()
	return p
}

// moved gives both directions time again: who sends a request is not yet answered, and who is answered does not send.
// An error shows at the next read or write.
func (c *patientConn) moved() { _ = c.SetDeadline(time.Now().Add(c.patience)) }

func (c *patientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.moved()
	}
	return n, c.cause(err)
}

func (c *patientConn) Write(p []byte) (int, error) {
	c.moved()
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.moved()
	}
	return n, c.cause(err)
}

// cause is why the connection failed. Whichever direction runs out of patience first has net/http close it, and the other
// one would tell of nothing but that.
func (c *patientConn) cause(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.silent.Store(true)
	case errors.Is(err, net.ErrClosed) && c.silent.Load():
		return os.ErrDeadlineExceeded
	}
	return err
}
