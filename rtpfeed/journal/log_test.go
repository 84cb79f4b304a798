package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/rtpfeed"
)

// childFile names the journal that the test's own child writes until it is killed.
const childFile = "JOURNAL_OF_A_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// writeUntilKilled notes a unit each 10 ms and tells its number.
func writeUntilKilled(path string) error {
	file, err := workfile.Create(workfile.OS(), &workfile.Syncer{}, path)
	if err != nil {
		return err
	}
	l := Start(file, slog.New(slog.DiscardHandler))
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	for n := uint32(0); ; n++ {
		l.Note(&Event{Kind: Media, At: time.Since(began), Unit: rtpfeed.Unit{Timestamp: n, Parts: [][]byte{make([]byte, 1000)}}})
		fmt.Println(n)
		<-tick.C
	}
}

// TestKill: what was noted a second before a process is killed is there, in order, and whole.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := make(chan int, 100_000)
	go func() {
		defer close(told)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n int
			_, _ = fmt.Sscan(lines.Text(), &n)
			told <- n
		}
	}()
	for n := range told {
		if n == 100 {
			break
		}
	}
	// A second more, whatever it has noted meanwhile.
	<-time.NewTimer(time.Second).C
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range told {
	}
	_ = child.Wait() // killed
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, b)
	for n, e := range all {
		if e.Unit.Timestamp != uint32(n) {
			t.Fatalf("unit %d is number %d", n, e.Unit.Timestamp)
		}
	}
	if len(all) <= 100 {
		t.Errorf("%d units are written down", len(all))
	}
}

// memory is a file that may fail.
type memory struct {
	wrote  chan []byte
	err    error
	closed chan struct{}
}

func newMemory(err error) *memory {
	return &memory{wrote: make(chan []byte, 1000), err: err, closed: make(chan struct{})}
}

func (m *memory) Append(p []byte) error {
	m.wrote <- append([]byte(nil), p...)
	return m.err
}

func (m *memory) Close() error {
	close(m.closed)
	return nil
}

func TestGivenUp(t *testing.T) {
	large := rtpfeed.Unit{Parts: [][]byte{make([]byte, 1<<20)}}
	for name, c := range map[string]struct {
		err  error
		note func(l *Log)
	}{
		"dropped":           {note: (*Log).Drop},
		"too long":          {note: func(l *Log) { l.Note(&Event{Kind: Closed, At: maxLength + 2*time.Second}) }},
		"too large":         {note: func(l *Log) { noteMany(l, 40, &Event{Kind: Media, At: time.Second, Unit: large}) }},
		"a disk that fails": {err: errors.New("no space"), note: func(*Log) {}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(c.err)
			var text strings.Builder
			l := Start(m, slog.New(slog.NewTextHandler(&text, nil)))
			l.Note(&Event{Kind: Muted, At: time.Second})
			if got := readAll(t, <-m.wrote); len(got) != 1 || got[0].Kind != Muted {
				t.Errorf("%+v", got)
			}
			c.note(l)
			select {
			case <-l.Done():
			case <-time.After(20 * time.Second):
				t.Fatal("it goes on")
			}
			<-m.closed
			l.Note(&Event{Kind: Closed})
			l.Drop()
			if (text.Len() == 0) != (name == "dropped") {
				t.Errorf("log: %q", text.String())
			}
		})
	}
	var none *Log
	none.Note(&Event{Kind: Closed})
	none.Drop()
}

func noteMany(l *Log, n int, e *Event) {
	for range n {
		l.Note(e)
	}
}

var _ io.Closer = (*memory)(nil)
