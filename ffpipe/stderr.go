package ffpipe

import (
	"bufio"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	tailLines    = 40          // lines kept for errors
	tailLineSize = 512         // bytes kept of a line in the ring
	maxLine      = 16 << 10    // bytes read of a line; the rest of it is skipped
	logLines     = 20          // lines logged …
	logWindow    = time.Minute // … in each such window
)

// tail is a bounded ring of the last stderr lines. Every line passes the
// redactor before anything else sees it.
type tail struct {
	redact *Redactor

	mu   sync.Mutex
	ring []string
	next int // where the next line goes once the ring is full
}

func newTail(r *Redactor) *tail { return &tail{redact: r} }

// read consumes r to its end.
func (t *tail) read(r io.Reader, log *slog.Logger, on func(string)) {
	br := bufio.NewReaderSize(r, 4<<10)
	limit := lineLimit{}
	for {
		raw, cut, err := readLine(br)
		if len(raw) > 0 {
			line := t.redact.line(string(raw), cut)
			t.add(line)
			if on != nil {
				on(line)
			}
			limit.log(log, line, time.Now())
		}
		if err != nil {
			limit.flush(log)
			return
		}
	}
}

// readLine reads up to '\n' or '\r' (ffmpeg's status lines end in the latter)
// and keeps the first maxLine bytes; cut says that there were more.
func readLine(br *bufio.Reader) (line []byte, cut bool, err error) {
	for {
		b, err := br.ReadByte()
		if err != nil {
			return line, cut, err
		}
		if b == '\n' || b == '\r' {
			return line, cut, nil
		}
		if len(line) < maxLine {
			line = append(line, b)
		} else {
			cut = true
		}
	}
}

func (t *tail) add(line string) {
	if len(line) > tailLineSize {
		line = line[:tailLineSize] + "…"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < tailLines {
		t.ring = append(t.ring, line)
		return
	}
	t.ring[t.next] = line
	t.next = (t.next + 1) % tailLines
}

// lines returns a copy, oldest first.
func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]string, 0, len(t.ring))
	out = append(out, t.ring[t.next:]...)
	return append(out, t.ring[:t.next]...)
}

// lineLimit keeps a child that prints a line per packet from filling the log.
type lineLimit struct {
	since   time.Time
	logged  int
	skipped int
}

func (l *lineLimit) log(log *slog.Logger, line string, now time.Time) {
	if l.since.IsZero() || now.Sub(l.since) >= logWindow {
		l.flush(log)
		l.since, l.logged = now, 0
	}
	if l.logged >= logLines {
		l.skipped++
		return
	}
	l.logged++
	log.Debug("child stderr", "line", line)
}

func (l *lineLimit) flush(log *slog.Logger) {
	if l.skipped > 0 {
		log.Debug("child stderr: lines not shown", "lines", l.skipped)
		l.skipped = 0
	}
}
