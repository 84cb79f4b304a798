package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"golang.org/x/sys/unix"

	"github.com/ffegress/ffegress/service/session"
)

// How often the progress is shown: a terminal's one line is rewritten, other places get a line.
const (
	terminalEvery = 500 * time.Millisecond
	plainEvery    = 10 * time.Second
)

// progressLine tells a person how the recording goes.
type progressLine struct {
	w        io.Writer
	run      *session.Session
	terminal bool

	quit chan struct{}
	wg   sync.WaitGroup
	last session.Progress
}

func newProgressLine(w io.Writer, run *session.Session) *progressLine {
	l := &progressLine{w: w, run: run, quit: make(chan struct{})}
	if f, ok := w.(*os.File); ok {
		_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
		l.terminal = err == nil
	}
	return l
}

func (l *progressLine) start() {
	every := plainEvery
	if l.terminal {
		every = terminalEvery
	}
	l.wg.Go(func() {
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				l.show()
			case <-l.quit:
				return
			}
		}
	})
}

// show writes elapsed media time, size on disk, fresh pictures per second, repeats and bit rate; the
// rates are those since the line before.
func (l *progressLine) show() {
	p, ok := l.run.Progress()
	if !ok {
		return
	}
	fps, kbps := 0.0, 0.0
	if dt := (p.Elapsed - l.last.Elapsed).Seconds(); dt > 0 {
		fps = float64(p.Frames-p.Repeats-l.last.Frames+l.last.Repeats) / dt
		kbps = float64(p.Bytes-l.last.Bytes) * 8 / 1000 / dt
	}
	l.last = p
	pictures := ""
	if p.Frames > 0 { // a recording of sound has none
		pictures = fmt.Sprintf("  %.1f fps  %d repeats", fps, p.Repeats)
	}
	text := fmt.Sprintf("%s  %s%s  %.0f kb/s", p.Elapsed.Truncate(100*time.Millisecond), size(p.Bytes), pictures, kbps)
	if p.Paused {
		text += "  paused"
	}
	if l.terminal {
		fmt.Fprintf(l.w, "\r\x1b[K%s", text)
	} else {
		fmt.Fprintln(l.w, text)
	}
}

// stop ends the line and tells what was made and where it is.
func (l *progressLine) stop(info *livekit.EgressInfo) {
	close(l.quit)
	l.wg.Wait()
	if l.terminal {
		fmt.Fprint(l.w, "\r\x1b[K")
	}
	for _, f := range info.FileResults {
		if f.Location != "" {
			fmt.Fprintf(l.w, "%s  %s  %s\n", f.Location, time.Duration(f.Duration).Truncate(time.Millisecond), size(f.Size))
		}
	}
	for _, s := range info.StreamResults {
		fmt.Fprintf(l.w, "%s  %s  %s %s\n", s.Url, time.Duration(s.Duration).Truncate(time.Millisecond), strings.ToLower(s.Status.String()), s.Error)
	}
	for _, s := range info.SegmentResults {
		if s.PlaylistLocation != "" {
			fmt.Fprintf(l.w, "%s  %s  %d segments, %s\n", s.PlaylistLocation, time.Duration(s.Duration).Truncate(time.Millisecond), s.SegmentCount, size(s.Size))
		}
	}
	for _, i := range info.ImageResults {
		if i.ImageCount > 0 {
			fmt.Fprintf(l.w, "%s  %d images\n", i.FilenamePrefix, i.ImageCount)
		}
	}
	if info.Details != "" {
		fmt.Fprintln(l.w, info.Details)
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	}
}
