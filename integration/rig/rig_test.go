package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/publish"
	"github.com/livekit/protocol/livekit"
	"go.uber.org/goleak"
)

func bounded(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestServersRoomsAndHooks(t *testing.T) {
	ctx := bounded(t, 90*time.Second)
	r, err := Start(ctx, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			r.Close()
		}
	}()
	room, err := r.API.CreateRoom(ctx, "rigroom")
	if err != nil || room.Name != "rigroom" {
		t.Fatalf("create room: %v, %v", room, err)
	}
	_, err = r.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{RoomName: "no such room"})
	if e, ok := err.(*APIError); !ok || e.Code != "not_found" {
		t.Errorf("egress of a missing room answers %v, want not_found", err)
	}
	p, err := r.Publish(ctx, publish.Options{Room: "rigroom", Participants: 1, AudioOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	hook, err := r.Webhooks.Wait(ctx, func(e *livekit.WebhookEvent) bool { return e.Event == "track_published" })
	if err != nil || hook.Event.GetTrack().GetSid() != p.Tracks(0)[0] {
		t.Errorf("track webhook %v, %v; want %v", hook, err, p.Tracks(0))
	}
	p.Close()
	if err := r.API.DeleteRoom(ctx, "rigroom"); err != nil {
		t.Error(err)
	}
	for _, bad := range r.Webhooks.Bad() {
		t.Error(bad)
	}
	pids := []int{r.Redis.PID, r.LiveKit.PID}
	closed = true
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, pid := range pids {
		if p, err := readStat(pid); err == nil {
			t.Errorf("%v is still there", p)
		}
	}
}

// TestRedisShapes starts each and sends a message through it, as the servers do.
func TestRedisShapes(t *testing.T) {
	for name, start := range map[string]func(context.Context, string) (*Redis, error){
		"plain": StartRedis, "tls": StartRedisTLS, "sentinels": StartRedisSentinels, "cluster": StartRedisCluster,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := bounded(t, 60*time.Second)
			r, err := start(ctx, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			c, err := r.Client()
			if err != nil {
				t.Fatal(err)
			}
			if subscribed(ctx, c, "rig|*") {
				t.Error("somebody listens before anybody does")
			}
			sub := c.Subscribe(ctx, "rig|channel")
			if _, err := sub.Receive(ctx); err != nil {
				t.Fatal(err)
			}
			if !subscribed(ctx, c, "rig|*") {
				t.Error("nobody is seen to listen")
			}
			if err := c.Publish(ctx, "rig|channel", "hello").Err(); err != nil {
				t.Error(err)
			}
			if m, err := sub.ReceiveMessage(ctx); err != nil || m.Payload != "hello" {
				t.Errorf("received %v, %v", m, err)
			}
			if err := errors.Join(sub.Close(), c.Close(), r.Close()); err != nil {
				t.Error(err)
			}
			for _, child := range append([]*Child{r.Child}, r.Others...) {
				if p, err := readStat(child.PID); err == nil {
					t.Errorf("%v is still there", p)
				}
			}
		})
	}
}

func TestChildDeafToSIGTERMIsKilledAndTold(t *testing.T) {
	c, err := Launch("deaf", "/bin/sh", []string{"-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}, nil, t.TempDir()+"/log")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.waitFor(bounded(t, 5*time.Second), "word", func() bool { return c.Tail(1) == "ready" }); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Stop(50 * time.Millisecond); err == nil || !strings.Contains(err.Error(), "ready") {
		t.Errorf("stop of a deaf child gives %v, want an error with its last line", err)
	}
}

func TestWaitForTellsWhyAChildEnded(t *testing.T) {
	c, err := Launch("short", "/bin/sh", []string{"-c", "echo no luck; exit 3"}, nil, t.TempDir()+"/log")
	if err != nil {
		t.Fatal(err)
	}
	err = c.waitFor(bounded(t, 5*time.Second), "port", func() bool { return false })
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("got %v", err)
	}
}

// TestMain lets the test binary be the parent in TestChildDiesWithItsParent,
// and looks for goroutines that were left.
func TestMain(m *testing.M) {
	if log := os.Getenv("RIG_TEST_PARENT"); log != "" {
		c, err := Launch("sleeper", "/bin/sleep", []string{"60"}, nil, log)
		if err != nil {
			os.Exit(1)
		}
		fmt.Println(c.PID)
		select {}
	}
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestChildDiesWithItsParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "RIG_TEST_PARENT="+t.TempDir()+"/log")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	list, err := Descendants(cmd.Process.Pid)
	if err != nil || len(list) != 2 || list[0].PID != cmd.Process.Pid && list[1].PID != cmd.Process.Pid {
		t.Errorf("descendants %v, %v; want the parent and the sleeper", list, err)
	}
	for _, p := range list {
		if p.PSS == 0 || p.StartTicks == 0 || p.Role == "" {
			t.Errorf("incomplete line %+v", p)
		}
	}
	before := LookBefore()
	if err := before.Leaks(bounded(t, 50*time.Millisecond), list); err == nil || !strings.Contains(err.Error(), "sleep") {
		t.Errorf("leak check of live processes says %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if err := before.Leaks(bounded(t, 5*time.Second), list); err != nil {
		t.Error(err)
	}
}

func TestLeftFilesAreTold(t *testing.T) {
	dir := t.TempDir()
	before := LookBefore(dir)
	if err := before.Leaks(bounded(t, time.Second), nil); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(dir+"/left", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := before.Leaks(bounded(t, 50*time.Millisecond), nil); err == nil || !strings.Contains(err.Error(), "left") {
		t.Errorf("a left file gives %v", err)
	}
}

func TestWatchCountsCPU(t *testing.T) {
	c, err := Launch("burner", "/bin/sh", []string{"-c", "while :; do :; done"}, nil, t.TempDir()+"/log")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	u, err := Watch(bounded(t, time.Second), c.PID, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	var cpu float64
	var pss int64
	for _, r := range u.Roles {
		cpu, pss = cpu+r.CPU, pss+r.PeakPSS
	}
	if cpu < 0.1 || cpu > 1.5 || pss == 0 {
		t.Errorf("a burner used %.2f CPU-seconds and %d bytes in a second:\n%v", cpu, pss, u)
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		want, name string
		args       []string
	}{
		{"chromium", "chromium", nil},
		{"xvfb", "Xvfb", nil},
		{"encoder", "ffmpeg", []string{"-c:v", "libx264"}},
		{"finaliser", "ffmpeg", []string{"-c", "copy"}},
		{"ffegress", "ffegress", []string{"libx264"}},
	} {
		if got := RoleOf(c.name, c.args); got != c.want {
			t.Errorf("%s %v is %q, want %q", c.name, c.args, got, c.want)
		}
	}
}
