package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Child is one server process with its output in a file.
type Child struct {
	Name    string
	PID     int
	LogPath string

	cmd  *exec.Cmd
	done chan struct{}
	err  error
	once sync.Once
}

// Launch starts path with args; output goes to logPath. extraEnv is added to
// this process' environment.
func Launch(name, path string, args, extraEnv []string, logPath string) (*Child, error) {
	out, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer out.Close()
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), extraEnv...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c := &Child{Name: name, LogPath: logPath, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig is sent when the forking thread ends, not the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		c.PID = cmd.Process.Pid
		started <- nil
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return c, nil
}

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Err is the exit error, valid after Done; nil for exit code 0.
func (c *Child) Err() error {
	<-c.done
	return c.err
}

// Signal sends sig to the child itself.
func (c *Child) Signal(sig syscall.Signal) error {
	select {
	case <-c.done:
		return os.ErrProcessDone
	default:
		return c.cmd.Process.Signal(sig)
	}
}

// Stop sends SIGTERM, waits up to patience, then SIGKILLs the group. It gives
// the time the child took, and an error if it had to be killed.
func (c *Child) Stop(patience time.Duration) (took time.Duration, err error) {
	begin := time.Now()
	c.once.Do(func() {
		if c.Signal(syscall.SIGTERM) != nil {
			return
		}
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-c.done:
		case <-timer.C:
			err = fmt.Errorf("%s did not end within %v of SIGTERM; its log ends: %s", c.Name, patience, c.Tail(3))
			syscall.Kill(-c.PID, syscall.SIGKILL)
			<-c.done
		}
	})
	return time.Since(begin), err
}

// Kill sends SIGKILL to the child alone, not to its group, and waits.
func (c *Child) Kill() {
	if c.Signal(syscall.SIGKILL) == nil {
		<-c.done
	}
}

// Tail gives the last n lines of the child's output.
func (c *Child) Tail(n int) string {
	f, err := os.Open(c.LogPath)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > 1<<16 {
		f.Seek(-1<<16, io.SeekEnd)
	}
	data, _ := io.ReadAll(f)
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// waitFor polls ready every 10 ms until it is true, ctx ends or the child
// dies; what names the event in errors.
func (c *Child) waitFor(ctx context.Context, what string, ready func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: no %s: %w; its log ends: %s", c.Name, what, ctx.Err(), c.Tail(5))
		case <-c.done:
			return fmt.Errorf("%s ended before %s: %w; its log ends: %s", c.Name, what, errors.Join(c.err, io.EOF), c.Tail(10))
		case <-tick.C:
		}
	}
	return nil
}
