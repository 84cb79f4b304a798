package ffpipe

import (
	"log/slog"
	"os"
	"syscall"
	"time"
)

// Default waits of a [StopLadder].
const (
	DefaultCloseWait     = 5 * time.Second
	DefaultInterruptWait = 3 * time.Second
)

// Command describes one supervised child process.
type Command struct {
	Name string   // role, for logs and errors: "encoder", "grab", "xvfb"
	Path string   // executable; looked up in PATH when it has no slash
	Args []string // argv[1:]; must hold no secret, since argv is public
	Env  []string // the whole environment; nil means inherit
	Dir  string   // working directory; empty means inherit

	// Stdin and Stdout are the child's ends; nil means /dev/null. Start owns
	// them from the call on and closes this process's copies, also when it
	// fails.
	Stdin, Stdout *os.File
	// Extra are the child's descriptors 3, 4, …, owned like Stdin.
	Extra []*os.File

	OnStderr func(line string) // called for each redacted stderr line, from one goroutine; must not block
	Redact   *Redactor         // nil redacts nothing
	Stop     StopLadder
	// DeathSignal is what the kernel sends the child when this process dies; 0
	// means SIGKILL. Another one lets the child tidy up, if it surely ends.
	DeathSignal syscall.Signal
	Log         *slog.Logger // nil discards
}

func (c *Command) deathSignal() syscall.Signal {
	if c.DeathSignal != 0 {
		return c.DeathSignal
	}
	return syscall.SIGKILL
}

// StopLadder says how to end a child. The steps are: close its inputs, wait,
// send SIGINT once, wait, SIGKILL its process group. A step that is not
// configured is skipped together with its wait; zero waits get the defaults.
//
// Closing inputs comes first because an ffmpeg that is blocked reading a pipe
// does not notice signals, and SIGINT is sent only once because ffmpeg drops
// its trailer on the fourth.
type StopLadder struct {
	CloseInput    func() // closes what the child reads from
	CloseWait     time.Duration
	Interrupt     bool // whether SIGINT means "end cleanly" to this child
	InterruptWait time.Duration
}

func (l StopLadder) closeWait() time.Duration {
	if l.CloseWait > 0 {
		return l.CloseWait
	}
	return DefaultCloseWait
}

func (l StopLadder) interruptWait() time.Duration {
	if l.InterruptWait > 0 {
		return l.InterruptWait
	}
	return DefaultInterruptWait
}

// closeFiles closes the child's ends in this process.
func (c *Command) closeFiles() {
	for _, f := range append([]*os.File{c.Stdin, c.Stdout}, c.Extra...) {
		if f != nil {
			_ = f.Close()
		}
	}
}
