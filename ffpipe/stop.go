package ffpipe

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// killWait bounds the wait for a killed child. Only one that is stuck inside
// the kernel (a dead network mount, say) outlives it.
const killWait = 10 * time.Second

// Stop walks the stop ladder and returns [Proc.Err]. The end of ctx means
// SIGKILL at once. Stopping a child that has ended, or is being stopped, only
// waits for it. If even SIGKILL does not end it within ten seconds, Stop
// returns an error that says so and Done stays open.
func (p *Proc) Stop(ctx context.Context) error {
	p.mu.Lock()
	if !p.reaped {
		p.wanted = true
	}
	p.mu.Unlock()
	p.stopOnce.Do(func() { go p.walk() })

	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
	}
	p.log.Warn("stop: out of time, killing", "pid", p.pid)
	p.Kill()
	timer := time.NewTimer(killWait)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.err
	case <-timer.C:
		return fmt.Errorf("stop %s: process %d outlives SIGKILL: %w", p.name, p.pid, context.Cause(ctx))
	}
}

// walk takes the steps of the ladder until the child is gone.
func (p *Proc) walk() {
	if p.stop.CloseInput != nil {
		p.log.Debug("stop: closing input", "pid", p.pid, "wait", p.stop.closeWait())
		go p.stop.CloseInput() // may block on a lock its owner holds; the step must stay bounded
		if p.endsWithin(p.stop.closeWait()) {
			return
		}
	}
	if p.stop.Interrupt {
		p.log.Debug("stop: SIGINT", "pid", p.pid, "wait", p.stop.interruptWait())
		p.interrupt()
		if p.endsWithin(p.stop.interruptWait()) {
			return
		}
	}
	select {
	case <-p.done:
	default:
		p.log.Warn("stop: SIGKILL", "pid", p.pid)
		p.Kill()
	}
}

func (p *Proc) endsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// interrupt sends SIGINT to the child alone, not to its group: a browser's
// helpers are the browser's to end.
func (p *Proc) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.interrupted = true
		_ = syscall.Kill(p.pid, syscall.SIGINT)
	}
}

// Kill sends SIGKILL to the whole process group at once, without waiting. The
// end counts as wanted.
func (p *Proc) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		p.wanted = true
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	}
}
