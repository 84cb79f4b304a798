package uploads

import (
	"net"
	"time"
)

// patientConn fails when nothing moves in either direction for a while. A bound on whole requests would not do: a
// large part on a slow line takes its time.
type patientConn struct {
	net.Conn
	patience time.Duration
}

func newPatientConn(c net.Conn, patience time.Duration) net.Conn {
	p := &patientConn{c, patience}
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
	return n, err
}

func (c *patientConn) Write(p []byte) (int, error) {
	c.moved()
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.moved()
	}
	return n, err
}
