package ffpipe

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// fakeMode makes the test binary a fake child. Every mode that goes on after
// its start first writes a line to stdout.
const fakeMode = "FFPIPE_FAKE_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" {
		fakeChild(mode)
		return
	}
	goleak.VerifyTestMain(m)
}

func fakeChild(mode string) {
	mode, argument, _ := strings.Cut(mode, ":")
	switch mode {
	case "exit":
		code, _ := strconv.Atoi(argument)
		fmt.Fprintln(os.Stderr, "first line")
		fmt.Fprintln(os.Stderr, "cannot open the thing")
		fmt.Fprintln(os.Stderr, "Conversion failed!")
		os.Exit(code)
	case "chatty":
		n, _ := strconv.Atoi(argument)
		w := bufio.NewWriter(os.Stderr)
		for i := range n {
			fmt.Fprintf(w, "line %d\n", i)
		}
		w.Flush()
	case "secret":
		fmt.Fprintf(os.Stderr, "publishing to rtmp://host/live/%s failed\n", argument)
		os.Exit(1)
	case "until-eof":
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "until-interrupt":
		c := make(chan os.Signal, 1)
		signal.Notify(c, os.Interrupt)
		fmt.Println("ready")
		<-c
		code, _ := strconv.Atoi(argument)
		os.Exit(code)
	case "until-interrupt-default":
		fmt.Println("ready")
		stall()
	case "deaf":
		signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		fmt.Println("ready")
		stall()
	case "grandparent": // leaves a deaf grandchild in its group, holding stderr
		r, w, _ := os.Pipe()
		grandchild, err := os.StartProcess("/proc/self/exe", []string{"fake"}, &os.ProcAttr{
			Env: []string{fakeMode + "=deaf"}, Files: []*os.File{nil, w, os.Stderr}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		_, _ = bufio.NewReader(r).ReadString('\n')
		fmt.Println(grandchild.Pid)
		if argument == "stay" {
			stall()
		}
	case "supervisor": // starts a deaf child by Start and goes on
		r, w, _ := Pipe(0)
		p, err := Start(Command{Name: "inner", Path: "/proc/self/exe", Env: []string{fakeMode + "=deaf"}, Stdout: w})
		if err != nil {
			os.Exit(9)
		}
		_, _ = bufio.NewReader(r).ReadString('\n')
		fmt.Println(p.PID())
		stall()
	case "surroundings":
		dir, _ := os.Getwd()
		third, _ := io.ReadAll(os.NewFile(3, "extra"))
		in, _ := io.ReadAll(os.Stdin)
		fmt.Printf("%s|%s|%s|%s|%d\n", dir, third, in, os.Getenv("GIVEN"), len(os.Environ()))
	default:
		os.Exit(99)
	}
}

// stall waits for ever; the timer keeps the runtime from calling it a deadlock.
func stall() {
	for {
		<-time.After(time.Hour)
	}
}

const patience = 20 * time.Second

// fake returns a Command for a fake child and the read end of its stdout.
func fake(t *testing.T, mode string) (Command, *bufio.Reader) {
	t.Helper()
	r, w, err := Pipe(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	_ = r.SetReadDeadline(time.Now().Add(patience))
	return Command{
		Name: "fake", Path: "/proc/self/exe",
		Env: []string{fakeMode + "=" + mode}, Stdout: w,
	}, bufio.NewReader(r)
}

func start(t *testing.T, c Command) *Proc {
	t.Helper()
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		wait(t, p)
	})
	return p
}

func wait(t *testing.T, p *Proc) {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		t.Fatal("the child does not end")
	}
}

func readLineOf(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	line, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("read the child's stdout: %v", err)
	}
	return strings.TrimSpace(line)
}

// gone waits until a process that is not our child has ended; a zombie has.
func gone(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for alive(pid) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	rest := string(stat[strings.LastIndexByte(string(stat), ')')+1:])
	return !strings.HasPrefix(rest, " Z") && !strings.HasPrefix(rest, " X")
}

// descriptors lists what /proc/self/fd points to, without the listing's own.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			out = append(out, e.Name()+" "+to)
		}
	}
	return out
}
