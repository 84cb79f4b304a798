package screen

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// served gives a wire to a server that writes what it is told and hangs up; the
// requests come on the channel then.
func served(t *testing.T, answer []byte) (*wire, <-chan []byte) {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() { _ = client.Close() })
	got := make(chan []byte, 1)
	go func() {
		go func() {
			_, _ = server.Write(answer)
			_ = server.Close()
		}()
		b, _ := io.ReadAll(server)
		got <- b
	}()
	return &wire{conn: client, in: bufio.NewReader(client)}, got
}

// hello is a server's setup with one screen of depth 24 in a visual of that id.
func hello(visual uint32) []byte {
	b := make([]byte, 32, 200)
	order.PutUint32(b[4:], 0x200000)
	order.PutUint32(b[8:], 0x1fffff)
	order.PutUint16(b[16:], 5) // vendor
	b[20], b[21] = 1, 1
	b = append(b, "Maker\x00\x00\x00"...)
	b = append(b, 24, 32, 32, 0, 0, 0, 0, 0)
	screen := make([]byte, 40)
	order.PutUint32(screen, 0x77)
	order.PutUint16(screen[20:], 1280)
	order.PutUint16(screen[22:], 736)
	order.PutUint32(screen[32:], 9)
	screen[38], screen[39] = 24, 1
	b = append(append(b, screen...), 24, 0, 1, 0, 0, 0, 0, 0)
	v := make([]byte, 24)
	order.PutUint32(v, visual)
	v[4] = 4
	order.PutUint32(v[8:], 0xff0000)
	order.PutUint32(v[12:], 0xff00)
	order.PutUint32(v[16:], 0xff)
	return append(b, v...)
}

func TestGreet(t *testing.T) {
	body := hello(9)
	head := []byte{1, 0, 11, 0, 0, 0, byte(len(body) / 4), 0}
	w, _ := served(t, append(head, body...))
	s, err := w.greet([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	want := setup{
		idBase: 0x200000, idMask: 0x1fffff, root: 0x77, width: 1280, height: 736,
		depth: 24, bits: 32, pad: 32, red: 0xff0000, green: 0xff00, blue: 0xff, trueColor: true,
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if a, b := w.id(), w.id(); a != 0x200001 || b != 0x200002 {
		t.Errorf("ids %x and %x", a, b)
	}
}

func TestGreetFails(t *testing.T) {
	refusal := append([]byte{0, 8, 11, 0, 0, 0, 2, 0}, "no entry"...)
	for name, c := range map[string]struct {
		answer []byte
		text   string
	}{
		"refused":  {refusal, `refused: "no entry"`},
		"cut":      {refusal[:12], "unexpected EOF"},
		"silent":   {nil, "EOF"},
		"too much": {[]byte{1, 0, 11, 0, 0, 0, 1, 0, 0, 0, 0, 0}, "too short"},
	} {
		w, _ := served(t, c.answer)
		if _, err := w.greet(nil); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range len(hello(9)) {
		if _, err := parseSetup(hello(9)[:n]); !errors.Is(err, errShortSetup) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestRead(t *testing.T) {
	reply := make([]byte, 40) // two words more than the message
	reply[0], reply[4] = kindReply, 2
	fault := make([]byte, 32)
	fault[0], fault[1], fault[10] = kindError, 10, 130
	w, _ := served(t, append(append(make([]byte, 0), reply...), fault...))
	if _, err := w.reply(); err != nil {
		t.Fatal(err)
	}
	var m [messageSize]byte
	var answered *protocolError
	if err := w.read(&m); !errors.As(err, &answered) || answered.code != 10 || answered.major != 130 {
		t.Errorf("%v", err)
	}
	if err := w.read(&m); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func TestExtension(t *testing.T) {
	reply := make([]byte, 32)
	reply[0], reply[8], reply[9], reply[10] = kindReply, 1, 143, 91
	w, got := served(t, reply)
	code, event, err := w.extension("DAMAGE")
	if err != nil || code != 143 || event != 91 {
		t.Error(code, event, err)
	}
	_ = w.conn.Close()
	want := append([]byte{opQueryExtension, 0, 4, 0, 6, 0, 0, 0}, "DAMAGE\x00\x00"...)
	if b := <-got; !bytes.Equal(b, want) {
		t.Errorf("asked %q, want %q", b, want)
	}
	reply[8] = 0
	w, _ = served(t, reply)
	if _, _, err := w.extension("DAMAGE"); !errors.Is(err, errNoExtension) {
		t.Error(err)
	}
}
