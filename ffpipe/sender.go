package ffpipe

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// SenderFormat is the muxer of what is sent.
type SenderFormat string

const (
	FLV    SenderFormat = "flv"
	MPEGTS SenderFormat = "mpegts"
)

// SenderOptions say where a fragmented MP4 is sent, packet by packet.
type SenderOptions struct {
	Format SenderFormat
	// URL is in argv, which everybody on the machine can read.
	URL string
	// Options are given to the child in a file that only it reads: here secrets may stand. Neither names nor values
	// may hold a line's end, a line has less than 1000 bytes.
	Options map[string]string
	Redact  *Redactor
}

// Sender is a child that copies a fragmented MP4 to a server. It ends cleanly after CloseInput. Close must be called
// when it has ended or is not wanted any more.
type Sender struct {
	proc      *Proc
	input     *os.File
	progress  *os.File
	latest    atomic.Pointer[Progress]
	read      chan struct{} // closed when the progress pipe is at its end
	closeOnce sync.Once
}

// StartSender starts ffmpegPath. What the system refuses comes back as an error; what ffmpeg finds wrong later is in
// Proc().Err().
func StartSender(ffmpegPath string, o SenderOptions, log *slog.Logger) (*Sender, error) {
	s := &Sender{read: make(chan struct{})}
	c := Command{Name: "sender", Path: ffmpegPath, Redact: o.Redact, Log: log}
	giveUp := func(err error) (*Sender, error) {
		c.closeFiles()
		s.closePipes()
		return nil, fmt.Errorf("start sender: %w", err)
	}
	options, err := optionFile(o.Options)
	if err != nil {
		return giveUp(err)
	}
	c.Extra = append(c.Extra, options)
	progress, progressChild, err := Pipe(0)
	if err != nil {
		return giveUp(err)
	}
	s.progress, c.Extra = progress, append(c.Extra, progressChild)
	if c.Stdin, s.input, err = Pipe(0); err != nil {
		return giveUp(err)
	}
	c.Args = o.Args(3, 4)
	c.Stop = StopLadder{CloseInput: s.CloseInput}
	if s.proc, err = Start(c); err != nil {
		s.closePipes()
		return nil, err
	}
	go func() {
		defer close(s.read)
		// A progress pipe that breaks says nothing that the exit will not.
		_ = ReadProgress(s.progress, func(p Progress) { s.latest.Store(&p) })
	}()
	return s, nil
}

// Args returns argv[1:]. The descriptors are the child's.
func (o SenderOptions) Args(optionFD, progressFD int) []string {
	args := []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning",
		"-progress", pipeURL(progressFD),
		// The first fragment is enough, and all that comes before the server is asked.
		"-probesize", "32768", "-analyzeduration", "0",
		"-f", "mp4", "-i", "pipe:0",
		"-map", "0", "-c", "copy",
	}
	switch o.Format {
	case MPEGTS:
		// Without the first two everything stands 1.4 s late.
		args = append(args, "-muxdelay", "0", "-muxpreload", "0")
	case FLV:
		args = append(args, "-flvflags", "no_duration_filesize")
	}
	return append(args, "-flush_packets", "1", "-fpre", fmt.Sprintf("/dev/fd/%d", optionFD), "-f", string(o.Format), o.URL)
}

// optionFile is a pipe that holds the options, to be read once.
func optionFile(options map[string]string) (*os.File, error) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(options)) {
		b.WriteString(name + "=" + options[name] + "\n")
	}
	r, w, err := Pipe(0)
	if err != nil {
		return nil, err
	}
	// It fits into the pipe, so that nobody has to wait for its reader.
	_ = w.SetWriteDeadline(time.Now().Add(time.Second))
	_, err = w.WriteString(b.String())
	if err := errors.Join(err, w.Close()); err != nil {
		_ = r.Close()
		return nil, fmt.Errorf("options: %w", err)
	}
	return r, nil
}

// Input is where the init segment and fragments go, from a keyframe on.
func (s *Sender) Input() *os.File { return s.input }

// CloseInput ends the stream: the child sends what it has, takes its leave of the server and exits.
func (s *Sender) CloseInput() { _ = s.input.Close() }

// Proc is the child.
func (s *Sender) Proc() *Proc { return s.proc }

// Progress is what ffmpeg reported last, about twice a second. Its TotalSize is above zero once media was sent.
func (s *Sender) Progress() Progress {
	if p := s.latest.Load(); p != nil {
		return *p
	}
	return Progress{}
}

// Close kills the child if it still runs, waits until it and the progress reader are gone and closes every
// descriptor. It returns how the child ended.
func (s *Sender) Close() error {
	s.closeOnce.Do(func() {
		select {
		case <-s.proc.Done():
		default:
			s.proc.Kill()
			<-s.proc.Done()
		}
		_ = s.progress.SetReadDeadline(time.Now().Add(drainWait))
		<-s.read
		s.closePipes()
	})
	return s.proc.Err()
}

func (s *Sender) closePipes() {
	for _, f := range []*os.File{s.input, s.progress} {
		if f != nil {
			_ = f.Close()
		}
	}
}
