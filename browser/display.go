package browser

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

// screenMargin is how much taller than the window the screen is: with equal
// sizes Chromium makes the page one pixel smaller each way.
const screenMargin = 16

// readyWait bounds the start of Xvfb and of PulseAudio. Warm they need less
// than 0.1 s, from a cold disk on a busy machine seconds.
const readyWait = 15 * time.Second

const displaySockets = "/tmp/.X11-unix"

// display is a running Xvfb.
type display struct {
	proc   *ffpipe.Proc
	number int
	cookie string // path of the Xauthority file
	secret []byte // in it
}

func displayArgs(o *Options, cookie string) []string {
	return []string{
		"-displayfd", "3",
		"-screen", "0", fmt.Sprintf("%dx%dx%d", o.Width, o.Height+screenMargin, o.Depth),
		"-auth", cookie,
		// Never -nolisten local as well: with -displayfd the abstract socket is
		// the only thing that keeps two servers off the same number.
		"-nolisten", "tcp",
		"-noreset", // must not start over when its last client leaves
		"-dpi", "96",
	}
}

// startDisplay starts an Xvfb on a free number and waits until it accepts
// clients.
func startDisplay(ctx context.Context, o *Options, dir string) (*display, error) {
	d := &display{cookie: filepath.Join(dir, "xauthority")}
	var err error
	if d.secret, err = writeCookie(d.cookie); err != nil {
		return nil, err
	}
	r, w, err := ffpipe.Pipe(0)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d.proc, err = ffpipe.Start(ffpipe.Command{
		Name:  "xvfb",
		Path:  o.Xvfb,
		Args:  displayArgs(o, d.cookie),
		Env:   baseEnv(dir),
		Extra: []*os.File{w},
		// On SIGINT it removes its socket, on SIGTERM too.
		Stop:        ffpipe.StopLadder{Interrupt: true, InterruptWait: time.Second},
		DeathSignal: syscall.SIGTERM,
		Log:         o.Log,
	})
	if err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		// Without the number the server has closed the pipe, so it is ending.
		line, err := bufio.NewReader(r).ReadString('\n')
		if err == nil {
			d.number, err = strconv.Atoi(strings.TrimSpace(line))
		}
		ready <- err
	}()
	if err := awaitReady(ctx, d.proc, ready, func() { _ = r.Close() }); err != nil {
		return nil, fmt.Errorf("start xvfb: %w", err)
	}
	return d, nil
}

// awaitReady waits for a child's readiness, its death, the end of ctx or
// readyWait, and kills the child unless it is ready. The readiness goroutine
// has ended when it returns; giveUp must make it.
func awaitReady(ctx context.Context, proc *ffpipe.Proc, ready <-chan error, giveUp func()) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	var err error
	select {
	case err = <-ready:
		if err == nil {
			return nil
		}
	case <-proc.Done():
		giveUp()
		<-ready
	case <-ctx.Done():
		err = fmt.Errorf("not ready: %w", ctx.Err())
		giveUp()
		<-ready
	}
	proc.Kill()
	<-proc.Done()
	if exit := proc.Err(); exit != nil && (err == nil || ctx.Err() == nil) {
		return exit
	}
	return err
}

// name is the DISPLAY that clients use.
func (d *display) name() string { return ":" + strconv.Itoa(d.number) }

// stop ends the server and removes its socket if it could not.
func (d *display) stop(ctx context.Context, log *slog.Logger) {
	if err := d.proc.Stop(ctx); err != nil {
		log.Debug("xvfb did not end cleanly", "err", err)
	}
	socket := filepath.Join(displaySockets, "X"+strconv.Itoa(d.number))
	// A killed server leaves its socket; another may have the number by now.
	if conn, err := net.Dial("unix", "@"+socket); err == nil {
		_ = conn.Close()
		return
	}
	if conn, err := net.Dial("unix", socket); err == nil {
		_ = conn.Close()
		return
	}
	_ = os.Remove(socket)
}
