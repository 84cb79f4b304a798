package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/go-rod/rod/lib/cdp"

	"github.com/ffegress/ffegress/ffpipe"
)

var _ cdp.WebSocketable = (*devtools)(nil)

// devtools is the DevTools connection over Chromium's --remote-debugging-pipe:
// messages end with a zero byte. Unlike a port, nobody else on the machine and
// no page can reach it, and Chromium ends when it is closed.
type devtools struct {
	mu  sync.Mutex // one message at a time
	out *os.File
	in  *os.File
	r   *bufio.Reader

	lost func()
}

// newDevtools also returns the child's ends: its descriptors 3 and 4. lost is
// called when the connection has ended.
func newDevtools(lost func()) (d *devtools, child []*os.File, err error) {
	childIn, out, err := ffpipe.Pipe(0)
	if err != nil {
		return nil, nil, err
	}
	in, childOut, err := ffpipe.Pipe(0)
	if err != nil {
		return nil, nil, errors.Join(err, childIn.Close(), out.Close())
	}
	return &devtools{out: out, in: in, r: bufio.NewReader(in), lost: lost}, []*os.File{childIn, childOut}, nil
}

// Send writes one message.
func (d *devtools) Send(msg []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.out.Write(append(msg, 0)); err != nil {
		return fmt.Errorf("write to devtools: %w", err)
	}
	return nil
}

// Read returns the next message. One that is no JSON ends the connection,
// because rod would panic on it.
func (d *devtools) Read() ([]byte, error) {
	msg, err := d.r.ReadBytes(0)
	if err != nil {
		d.lost()
		return nil, fmt.Errorf("read from devtools: %w", err)
	}
	msg = bytes.TrimSuffix(msg, []byte{0})
	if !json.Valid(msg) {
		return nil, errors.New("read from devtools: not JSON")
	}
	return msg, nil
}

// Close tells Chromium to end.
func (d *devtools) Close() {
	_ = d.out.Close()
	_ = d.in.Close()
}
