package ffpipe

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// drainWait bounds how long stderr is read after the whole process group is
// gone: only a process that left the group can still hold it open.
const drainWait = 2 * time.Second

// Proc is a running child. Its methods may be called from any goroutine.
type Proc struct {
	name string
	log  *slog.Logger
	stop StopLadder
	tail *tail

	pid      int
	done     chan struct{}
	stopOnce sync.Once

	mu          sync.Mutex
	reaped      bool // the pid may belong to somebody else from here on
	wanted      bool // Stop or Kill was called while it ran
	interrupted bool // our SIGINT was sent

	// Written before done is closed, read after it.
	err          error
	user, system time.Duration
}

// Start starts a child in its own process group. The child dies with this
// process: Pdeathsig is bound to the thread that forked, so that thread is
// locked and kept until the child is reaped (golang/go#27505).
//
// The files in c are closed in this process before Start returns, also when it
// fails. An error wraps what the operating system said.
func Start(c Command) (*Proc, error) {
	defer c.closeFiles()
	log := c.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: stderr pipe: %w", c.Name, err)
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env = c.Env
	cmd.Dir = c.Dir
	if c.Stdin != nil { // a nil *os.File must not become a non-nil interface
		cmd.Stdin = c.Stdin
	}
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	cmd.Stderr = errWrite
	cmd.ExtraFiles = c.Extra
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: c.deathSignal()}

	p := &Proc{
		name: c.Name,
		log:  log.With("child", c.Name),
		stop: c.Stop,
		tail: newTail(c.Redact),
		done: make(chan struct{}),
	}
	started := make(chan error)
	go p.supervise(cmd, errRead, errWrite, c.OnStderr, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return p, nil
}

// supervise forks, waits and reaps on one locked thread.
func (p *Proc) supervise(cmd *exec.Cmd, errRead, errWrite *os.File, on func(string), started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	err := cmd.Start()
	_ = errWrite.Close()
	if err != nil {
		_ = errRead.Close()
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	p.log.Debug("child started", "pid", p.pid)

	drained := make(chan struct{})
	go func() {
		defer close(drained)
		p.tail.read(errRead, p.log, on)
	}()
	started <- nil

	// While the child is a zombie its pid, and so its group id, cannot be
	// reused: this is the moment to end what it left behind.
	waitExited(p.pid)
	p.mu.Lock()
	_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	waitErr := cmd.Wait()
	p.reaped = true
	wanted, interrupted := p.wanted, p.interrupted
	p.mu.Unlock()

	_ = errRead.SetReadDeadline(time.Now().Add(drainWait))
	<-drained
	_ = errRead.Close()

	if state := cmd.ProcessState; state != nil {
		p.user, p.system = state.UserTime(), state.SystemTime()
		p.err = exitError(p.name, state, wanted, interrupted, p.tail.lines())
	} else {
		p.err = fmt.Errorf("wait for %s: %w", p.name, waitErr)
	}
	p.log.Debug("child ended", "pid", p.pid, "wanted", wanted, "err", p.err)
	close(p.done)
}

// waitExited blocks until the child is a zombie, without reaping it.
func waitExited(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// Done is closed when the child has been reaped, its process group is gone and
// stderr has been read to the end.
func (p *Proc) Done() <-chan struct{} { return p.done }

// Err returns how the child ended: nil when clean (exit 0, or 0 or 255 or death
// by our SIGINT after a wanted stop), else an [*ExitError]. It is nil before
// Done is closed.
func (p *Proc) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// PID returns the process id, which is also the process group's.
func (p *Proc) PID() int { return p.pid }

// Tail returns the last lines of stderr, redacted, oldest first.
func (p *Proc) Tail() []string { return p.tail.lines() }

// Usage returns the CPU time of the child and its reaped children. It is zero
// before Done is closed.
func (p *Proc) Usage() (user, system time.Duration) {
	select {
	case <-p.done:
		return p.user, p.system
	default:
		return 0, 0
	}
}
