package ffpipe

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestStopLadder(t *testing.T) {
	const short = 50 * time.Millisecond
	tests := []struct {
		name   string
		mode   string
		ladder StopLadder
		close  bool // give it a stdin that CloseInput closes
		signal syscall.Signal
		code   int
		clean  bool
	}{
		{name: "input", mode: "until-eof", close: true, clean: true},
		{name: "interrupt 0", mode: "until-interrupt:0", ladder: StopLadder{Interrupt: true}, clean: true},
		{name: "interrupt 255", mode: "until-interrupt:255", ladder: StopLadder{Interrupt: true}, clean: true},
		{name: "interrupt 1", mode: "until-interrupt:1", ladder: StopLadder{Interrupt: true}, code: 1},
		{name: "interrupt not handled", mode: "until-interrupt-default", ladder: StopLadder{Interrupt: true}, clean: true},
		{name: "input ignored, then interrupt", mode: "until-interrupt:255", close: true,
			ladder: StopLadder{CloseWait: short, Interrupt: true}, clean: true},
		{name: "deaf to all", mode: "deaf", close: true,
			ladder: StopLadder{CloseWait: short, Interrupt: true, InterruptWait: short}, signal: syscall.SIGKILL, code: -1},
		{name: "no step but the last", mode: "until-interrupt:0", signal: syscall.SIGKILL, code: -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, out := fake(t, tt.mode)
			c.Stop = tt.ladder
			if tt.close {
				r, w, err := Pipe(0)
				if err != nil {
					t.Fatal(err)
				}
				c.Stdin = r
				c.Stop.CloseInput = func() { _ = w.Close() }
			}
			p := start(t, c)
			readLineOf(t, out)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			err := p.Stop(ctx)
			if !errors.Is(err, p.Err()) {
				t.Errorf("Stop = %v, Err = %v", err, p.Err())
			}
			if tt.clean {
				if err != nil {
					t.Errorf("err = %v, want clean", err)
				}
				return
			}
			exit := ErrorOf(err)
			if exit == nil || exit.Code != tt.code || exit.Signal != tt.signal || !exit.Wanted {
				t.Errorf("err = %+v", exit)
			}
		})
	}
}

// 255 is clean only as the answer to our SIGINT.
func TestCode255AfterCloseIsNoCleanEnd(t *testing.T) {
	c, out := fake(t, "until-interrupt:255")
	c.Stop = StopLadder{CloseWait: time.Hour}
	closing := make(chan struct{})
	c.Stop.CloseInput = func() { close(closing) }
	p := start(t, c)
	readLineOf(t, out)
	ended := make(chan error)
	go func() { ended <- p.Stop(context.Background()) }()
	<-closing
	if err := syscall.Kill(p.PID(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	exit := ErrorOf(<-ended)
	if exit == nil || exit.Code != 255 || !exit.Wanted {
		t.Errorf("err = %+v", exit)
	}
}

func TestStopContextKillsAtOnce(t *testing.T) {
	c, out := fake(t, "deaf")
	c.Stop = StopLadder{CloseInput: func() {}, CloseWait: time.Hour, Interrupt: true, InterruptWait: time.Hour}
	p := start(t, c)
	readLineOf(t, out)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	exit := ErrorOf(p.Stop(ctx))
	if exit == nil || exit.Signal != syscall.SIGKILL || !exit.Wanted {
		t.Errorf("err = %+v", exit)
	}
}

// A CloseInput that hangs must not hold up the next steps.
func TestStopStepsAreBounded(t *testing.T) {
	c, out := fake(t, "until-interrupt:0")
	release := make(chan struct{})
	defer close(release)
	c.Stop = StopLadder{CloseInput: func() { <-release }, CloseWait: time.Millisecond, Interrupt: true}
	p := start(t, c)
	readLineOf(t, out)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestStopFromMany(t *testing.T) {
	c, out := fake(t, "until-eof")
	r, w, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin = r
	var closed atomic.Int64
	c.Stop.CloseInput = func() { closed.Add(1); _ = w.Close() }
	p := start(t, c)
	readLineOf(t, out)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := p.Stop(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := p.Stop(ctx); err != nil { // long after
		t.Error(err)
	}
	if n := closed.Load(); n != 1 {
		t.Errorf("input closed %d times", n)
	}
	p.Kill() // must not hit whoever has the pid now
}

func TestStopAfterFailureKeepsItsBlame(t *testing.T) {
	c, _ := fake(t, "exit:1")
	p := start(t, c)
	wait(t, p)
	exit := ErrorOf(p.Stop(context.Background()))
	if exit == nil || exit.Wanted {
		t.Errorf("err = %+v: it failed before it was stopped", exit)
	}
}

func TestPipe(t *testing.T) {
	for _, size := range []int{0, 1 << 20, 1 << 40} { // the last one is refused
		r, w, err := Pipe(size)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		// Close must wake a blocked reader, which a blocking descriptor cannot.
		woken := make(chan error)
		go func() {
			var buf [2]byte
			_, _ = r.Read(buf[:])
			_, err := r.Read(buf[:])
			woken <- err
		}()
		_ = r.SetReadDeadline(time.Now().Add(patience))
		_ = r.Close()
		if err := <-woken; !errors.Is(err, os.ErrClosed) {
			t.Errorf("err = %v", err)
		}
		_ = w.Close()
	}
}
