package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/session"
)

// keyWait is how often it is looked whether the terminal is ours.
const keyWait = 300 * time.Millisecond

// pauseModes are the values of --pause.
var pauseModes = map[string]programme.PauseMode{
	programme.Slate.String(): programme.Slate,
	programme.Cut.String():   programme.Cut,
}

// pauseKey pauses and resumes a recording when p or the space bar is pressed at its terminal.
type pauseKey struct {
	terminal *os.File
	run      *session.Session
	mode     programme.PauseMode
	w        io.Writer // for what could not be done

	paused bool
	before *unix.Termios // how the terminal was; nil = it is as it was
	quit   chan struct{}
	wg     sync.WaitGroup
}

// newPauseKey is nil when in is no terminal: what comes from a file or a pipe is not for us to read.
func newPauseKey(in *os.File, w io.Writer, run *session.Session, mode programme.PauseMode) *pauseKey {
	if _, err := unix.IoctlGetTermios(int(in.Fd()), unix.TCGETS); err != nil {
		return nil
	}
	return &pauseKey{terminal: in, run: run, mode: mode, w: w, quit: make(chan struct{})}
}

// start begins to read keys.
func (k *pauseKey) start() {
	if k == nil {
		return
	}
	// In the background reading would stop the whole recording; with these ignored it fails instead.
	signal.Ignore(unix.SIGTTIN, unix.SIGTTOU)
	k.wg.Go(func() {
		defer k.restore()
		for k.wait() {
			if key, ok := k.read(); ok && (key == 'p' || key == 'P' || key == ' ') {
				k.toggle()
			}
		}
	})
}

// stop gives the terminal back.
func (k *pauseKey) stop() {
	if k == nil {
		return
	}
	close(k.quit)
	k.wg.Wait()
}

// wait waits until there is something to read, or for a while; false after stop.
func (k *pauseKey) wait() bool {
	select {
	case <-k.quit:
		return false
	default:
	}
	if !k.ours() {
		select {
		case <-k.quit:
			return false
		case <-time.After(keyWait):
			return true
		}
	}
	k.listen()
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(k.terminal.Fd()), Events: unix.POLLIN}}, int(keyWait.Milliseconds()))
	return true
}

// read takes a key if one was pressed.
func (k *pauseKey) read() (key byte, ok bool) {
	fds := []unix.PollFd{{Fd: int32(k.terminal.Fd()), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); err != nil || n == 0 || !k.ours() {
		return 0, false
	}
	if fds[0].Revents&unix.POLLIN == 0 { // the terminal is gone
		select {
		case <-k.quit:
		case <-time.After(keyWait):
		}
		return 0, false
	}
	var b [1]byte
	n, err := unix.Read(int(k.terminal.Fd()), b[:])
	return b[0], err == nil && n == 1
}

// ours tells whether the terminal is this process' to read: it is not in the background.
func (k *pauseKey) ours() bool {
	group, err := unix.IoctlGetInt(int(k.terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// listen has keys come at once and unseen; Ctrl-C stays what it is.
func (k *pauseKey) listen() {
	if k.before != nil {
		return
	}
	before, err := unix.IoctlGetTermios(int(k.terminal.Fd()), unix.TCGETS)
	if err != nil {
		return
	}
	now := *before
	now.Lflag &^= unix.ICANON | unix.ECHO
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	if unix.IoctlSetTermios(int(k.terminal.Fd()), unix.TCSETS, &now) == nil {
		k.before = before
	}
}

func (k *pauseKey) restore() {
	if k.before != nil && k.ours() {
		_ = unix.IoctlSetTermios(int(k.terminal.Fd()), unix.TCSETS, k.before)
	}
}

// toggle pauses, or ends the pause.
func (k *pauseKey) toggle() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var err error
	if k.paused {
		_, err = k.run.Resume(ctx)
	} else {
		_, err = k.run.Pause(ctx, k.mode)
	}
	if err != nil {
		fmt.Fprintf(k.w, "\r\x1b[K%v\n", err)
		return
	}
	k.paused = !k.paused
}
