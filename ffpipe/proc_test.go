package ffpipe

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestExit(t *testing.T) {
	tests := []struct {
		mode   string
		code   int
		signal syscall.Signal
		text   string // of the error, "" = clean
	}{
		{mode: "exit:0"},
		{mode: "exit:1", code: 1, text: "fake: exit code 1: cannot open the thing"},
		{mode: "exit:255", code: 255, text: "fake: exit code 255: cannot open the thing"},
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			c, _ := fake(t, tt.mode)
			p := start(t, c)
			wait(t, p)
			err := p.Err()
			if tt.text == "" {
				if err != nil {
					t.Fatalf("err = %v", err)
				}
				return
			}
			var exit *ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("err = %v (%T), want *ExitError", err, err)
			}
			if err.Error() != tt.text || exit.Code != tt.code || exit.Signal != tt.signal || exit.Wanted {
				t.Errorf("err = %q %+v", err, exit)
			}
			if len(exit.Tail) != 3 {
				t.Errorf("tail = %q", exit.Tail)
			}
		})
	}
}

func TestForeignSignal(t *testing.T) {
	c, out := fake(t, "until-interrupt-default")
	p := start(t, c)
	readLineOf(t, out)
	if p.Err() != nil {
		t.Errorf("err = %v while it runs", p.Err())
	}
	if err := syscall.Kill(p.PID(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	exit := ErrorOf(p.Err())
	if exit == nil || exit.Signal != syscall.SIGINT || exit.Code != -1 || exit.Wanted {
		t.Errorf("err = %+v, want SIGINT, not wanted", exit)
	}
}

func TestStartFails(t *testing.T) {
	before := descriptors(t)
	r, w, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	extraR, extraW, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(Command{Name: "nothing", Path: "/nonexistent/program", Stdin: r, Stdout: w, Extra: []*os.File{extraR, extraW}})
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "start nothing: ") {
		t.Errorf("err = %v", err)
	}
	if after := descriptors(t); len(after) != len(before) {
		t.Errorf("descriptors left:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// Done must not be closed before the last line has been read, or errors would
// lack the line that explains them.
func TestDoneAfterStderr(t *testing.T) {
	const lines = 20000
	c, _ := fake(t, fmt.Sprintf("chatty:%d", lines))
	seen := 0
	c.OnStderr = func(string) { seen++ }
	p := start(t, c)
	wait(t, p)
	if seen != lines {
		t.Errorf("saw %d lines of %d", seen, lines)
	}
	tail := p.Tail()
	if len(tail) != tailLines || tail[0] != fmt.Sprintf("line %d", lines-tailLines) || tail[tailLines-1] != fmt.Sprintf("line %d", lines-1) {
		t.Errorf("tail = %q", tail)
	}
	user, system := p.Usage()
	if user+system <= 0 {
		t.Errorf("usage = %v %v", user, system)
	}
}

func TestSecretsStayOut(t *testing.T) {
	c, _ := fake(t, "secret:st/re+am")
	c.Redact = NewRedactor("st/re+am")
	var line string
	c.OnStderr = func(s string) { line = s }
	p := start(t, c)
	wait(t, p)
	const want = "publishing to rtmp://host/live/[redacted] failed"
	if line != want || p.Tail()[0] != want || p.Err().Error() != "fake: exit code 1: "+want {
		t.Errorf("line %q, tail %q, err %q", line, p.Tail(), p.Err())
	}
}

func TestSurroundings(t *testing.T) {
	c, out := fake(t, "surroundings")
	inR, inW, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	exR, exW, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Extra, c.Dir = inR, []*os.File{exR}, "/"
	c.Env = append(c.Env, "GIVEN=value")
	p := start(t, c)
	fmt.Fprint(inW, "in")
	inW.Close()
	fmt.Fprint(exW, "third")
	exW.Close()
	if got := readLineOf(t, out); got != "/|third|in|value|2" {
		t.Errorf("child sees %q", got)
	}
	wait(t, p)
}

func TestGroupEndsWithItsLeader(t *testing.T) {
	for _, mode := range []string{"leave", "stay"} {
		t.Run(mode, func(t *testing.T) {
			c, out := fake(t, "grandparent:"+mode)
			p := start(t, c)
			pid, err := strconv.Atoi(readLineOf(t, out))
			if err != nil {
				t.Fatal(err)
			}
			if mode == "stay" {
				if !alive(pid) {
					t.Fatal("no grandchild")
				}
				p.Kill()
			}
			wait(t, p) // the grandchild holds stderr: Done says that it is gone too
			gone(t, pid)
		})
	}
}

func TestChildDiesWithUs(t *testing.T) {
	c, out := fake(t, "supervisor")
	p := start(t, c)
	pid, err := strconv.Atoi(readLineOf(t, out))
	if err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("the supervisor has no child")
	}
	// Only the supervisor: its child is in a group of its own.
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

// The kernel sends Pdeathsig when the thread that forked ends. The thread of
// Start's caller ends here.
func TestChildOutlivesThreads(t *testing.T) {
	c, out := fake(t, "until-eof")
	inR, inW, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin = inR
	started := make(chan *Proc)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread dies with the goroutine
		p, err := Start(c)
		if err != nil {
			t.Error(err)
		}
		started <- p
	}()
	p := <-started
	if p == nil {
		t.FailNow()
	}
	readLineOf(t, out)
	for range 50 {
		ended := make(chan int)
		go func() {
			runtime.LockOSThread()
			ended <- syscall.Gettid()
		}()
		if tid := <-ended; tid != os.Getpid() { // the main thread is only parked
			gone(t, tid)
		}
	}
	_ = inW.Close()
	wait(t, p)
	if err := p.Err(); err != nil {
		t.Errorf("the child ended with %v", err)
	}
}

func TestNothingIsLeft(t *testing.T) {
	before := descriptors(t)
	for range 4 {
		r, w, err := Pipe(0)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Start(Command{Name: "fake", Path: "/proc/self/exe", Env: []string{fakeMode + "=deaf"}, Stdout: w})
		if err != nil {
			t.Fatal(err)
		}
		readLineOf(t, bufio.NewReader(r))
		p.Kill()
		wait(t, p)
		r.Close()
	}
	if after := descriptors(t); len(after) != len(before) {
		t.Errorf("descriptors left:\n%s\nbefore:\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}
