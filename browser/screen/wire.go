package screen

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

const (
	socketDir = "/tmp/.X11-unix/X"
	authName  = "MIT-MAGIC-COOKIE-1"
	// setupWait bounds the connection setup; a busy server answers within it.
	setupWait = 10 * time.Second
	// messageSize is what every error, event, and reply to the requests here has.
	messageSize = 32
)

// order is the byte order asked for; the server swaps if it must.
var order = binary.LittleEndian

// Kinds of messages from the server, and requests of the core protocol.
const (
	kindError = 0
	kindReply = 1

	opGetInputFocus  = 43
	opQueryExtension = 98
)

var errNoExtension = errors.New("the display lacks the extension")

// wire is a connection to an X server (X Window System Protocol, X11R7). One
// goroutine writes requests, one reads.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	next uint32 // resource id
	ids  uint32 // mask of what of it may be used
}

// dial connects to a local display, by its abstract socket when it has one.
func dial(display int, cookie []byte) (*wire, setup, error) {
	path := socketDir + strconv.Itoa(display)
	conn, err := net.Dial("unix", "@"+path)
	if err != nil {
		conn, err = net.Dial("unix", path)
	}
	if err != nil {
		return nil, setup{}, fmt.Errorf("connect to display: %w", err)
	}
	w := &wire{conn: conn, in: bufio.NewReader(conn)}
	_ = conn.SetDeadline(time.Now().Add(setupWait))
	s, err := w.greet(cookie)
	if err != nil {
		_ = conn.Close()
		return nil, setup{}, fmt.Errorf("connect to display: %w", err)
	}
	return w, s, nil
}

// greet is the connection setup.
func (w *wire) greet(cookie []byte) (setup, error) {
	b := []byte{'l', 0}
	b = order.AppendUint16(b, 11) // protocol version
	b = order.AppendUint16(b, 0)
	b = order.AppendUint16(b, uint16(len(authName)))
	b = order.AppendUint16(b, uint16(len(cookie)))
	b = append(b, 0, 0)
	b = pad(append(b, authName...))
	b = pad(append(b, cookie...))
	if _, err := w.conn.Write(b); err != nil {
		return setup{}, err
	}
	var head [8]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return setup{}, err
	}
	body := make([]byte, 4*int(order.Uint16(head[6:])))
	if _, err := io.ReadFull(w.in, body); err != nil {
		return setup{}, err
	}
	if head[0] != 1 {
		reason := body[:min(int(head[1]), len(body))]
		return setup{}, fmt.Errorf("refused: %q", reason)
	}
	s, err := parseSetup(body)
	w.next, w.ids = s.idBase, s.idMask
	return s, err
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// id makes a resource id.
func (w *wire) id() uint32 {
	w.next += w.ids & -w.ids
	return w.next
}

// request writes one request: code, a byte of its own, and 32 bit words.
func (w *wire) request(code, detail byte, words ...uint32) error {
	b := make([]byte, 0, messageSize)
	b = append(b, code, detail)
	b = order.AppendUint16(b, uint16(1+len(words)))
	for _, word := range words {
		b = order.AppendUint32(b, word)
	}
	_, err := w.conn.Write(b)
	return err
}

// read reads the next message. It is an error if that is one.
func (w *wire) read(m *[messageSize]byte) error {
	if _, err := io.ReadFull(w.in, m[:]); err != nil {
		return err
	}
	switch m[0] {
	case kindError:
		return &protocolError{code: m[1], major: m[10], minor: order.Uint16(m[8:])}
	case kindReply:
		// What the replies to the requests made here have beyond it is not needed.
		_, err := w.in.Discard(4 * int(order.Uint32(m[4:])))
		return err
	}
	return nil
}

// reply reads up to the next reply; used before events are wanted.
func (w *wire) reply() (m [messageSize]byte, err error) {
	for {
		if err = w.read(&m); err != nil || m[0] == kindReply {
			return m, err
		}
	}
}

// sync waits until the server has done what it was asked.
func (w *wire) sync() error {
	if err := w.request(opGetInputFocus, 0); err != nil {
		return err
	}
	_, err := w.reply()
	return err
}

// extension gives an extension's request code and its first event.
func (w *wire) extension(name string) (code, event byte, err error) {
	b := []byte{opQueryExtension, 0}
	b = order.AppendUint16(b, uint16(2+(len(name)+3)/4))
	b = order.AppendUint16(b, uint16(len(name)))
	b = append(b, 0, 0)
	if _, err := w.conn.Write(pad(append(b, name...))); err != nil {
		return 0, 0, err
	}
	m, err := w.reply()
	if err != nil {
		return 0, 0, err
	}
	if m[8] == 0 {
		return 0, 0, fmt.Errorf("%w %s", errNoExtension, name)
	}
	return m[9], m[10], nil
}

type protocolError struct {
	code, major byte
	minor       uint16
}

func (e *protocolError) Error() string {
	return fmt.Sprintf("display answers with error %d to request %d.%d", e.code, e.major, e.minor)
}
