package session

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/service/plan"
)

// page serves a page once; what comes after is again's.
type page struct {
	*httptest.Server
	loads atomic.Int64
}

func servePage(t *testing.T, again http.HandlerFunc) *page {
	t.Helper()
	p := &page{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		if p.loads.Add(1) > 1 && again != nil {
			again(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>t</title><body style="background:#fff"><script>console.log("START_RECORDING")</script>`)
	}))
	t.Cleanup(p.Close)
	return p
}

// record runs a session on a real browser.
func record(t *testing.T, url string) (*testRun, *browserSource) {
	t.Helper()
	dir := t.TempDir()
	target := filepath.Join(dir, "out.mp4")
	const width, height = 320, 180
	p := &plan.Plan{
		EgressID: "EG_test",
		Info: &livekit.EgressInfo{
			EgressId: "EG_test", Status: livekit.EgressStatus_EGRESS_STARTING,
			FileResults: []*livekit.FileInfo{{Filename: target}},
		},
		AcceptedAt: time.Now(),
		Source:     plan.Source{Kind: plan.Web, URL: url, AwaitStart: true, StartTimeout: time.Minute},
		Format:     programme.Format{Width: width, Height: height, FPS: 30, Video: true, Audio: true},
		Encoder: ffpipe.EncoderOptions{
			Video: true, Audio: true, Width: width, Height: height, FPS: 30, VideoBitrate: 300, AudioBitrate: 64,
		},
		Browser: browser.Options{Width: width, Height: height, FPS: 30, Video: true, Audio: true, Dir: filepath.Join(dir, "w", "b")},
		File:    plan.File{Name: target, Path: target},
		WorkDir: filepath.Join(dir, "w"),
	}
	r := &testRun{target: target, final: make(chan *livekit.EgressInfo, 1)}
	r.Session = New(p, Options{Syncer: &workfile.Syncer{}, OnUpdate: func(i *livekit.EgressInfo) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told = append(r.told, i.Status)
	}})
	go func() { r.final <- r.Run(t.Context()) }()
	t.Cleanup(func() {
		if _, err := os.Stat(p.WorkDir); !os.IsNotExist(err) {
			t.Errorf("the work dir is left: %v", err)
		}
	})
	r.recorded(t)
	return r, r.Session.source.(*browserSource)
}

// kill ends a part of the browser that is recorded, and returns that browser.
func kill(t *testing.T, s *browserSource, role string, after *browser.Browser) *browser.Browser {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		if b := s.current(); b != nil && b != after {
			if err := syscall.Kill(b.PIDs()[role], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			return b
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Fatal("the page does not come back")
		}
	}
}

func TestRestartsOnce(t *testing.T) {
	r, s := record(t, servePage(t, nil).URL)
	first := kill(t, s, "chromium", nil)
	kill(t, s, "xvfb", first)
	final := r.wait(t)
	r.expect(t, final, true, stActive, stFailed)
	for _, part := range []string{"xvfb failed: ", "restarted once before", "chromium failed: "} {
		if !strings.Contains(final.Error, part) {
			t.Errorf("error %q lacks %q", final.Error, part)
		}
	}
	if !strings.Contains(final.Details, "Page restarted once (chromium lost), picture held for ") || final.ErrorCode != 500 {
		t.Errorf("details %q, code %d", final.Details, final.ErrorCode)
	}
}

func TestRestartFails(t *testing.T) {
	r, s := record(t, servePage(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusGone)
	}).URL)
	kill(t, s, "chromium", nil)
	final := r.wait(t)
	r.expect(t, final, true, stActive, stFailed)
	if !strings.HasPrefix(final.Error, "chromium failed: ") || !strings.Contains(final.Error, "; restart failed: page load error: Gone (410)") {
		t.Errorf("error %q", final.Error)
	}
	if !strings.Contains(final.Details, "Page lost (chromium) and not restarted, picture held for ") {
		t.Errorf("details %q", final.Details)
	}
}

func TestStopWhileRestarting(t *testing.T) {
	loading := make(chan struct{})
	r, s := record(t, servePage(t, func(_ http.ResponseWriter, r *http.Request) {
		close(loading)
		<-r.Context().Done()
	}).URL)
	kill(t, s, "pulseaudio", nil)
	<-loading
	asked := time.Now()
	info, err := r.Stop(t.Context(), ReasonAPI)
	if err != nil || info.Status != stEnding || time.Since(asked) > 5*time.Second {
		t.Errorf("Stop answers %v, %v after %v; want ENDING at once", info.GetStatus(), err, time.Since(asked))
	}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	if d := time.Since(asked); d > 20*time.Second {
		t.Errorf("ended after %v", d)
	}
	if !strings.Contains(final.Details, "Page lost (pulseaudio) and not restarted, picture held for ") {
		t.Errorf("details %q", final.Details)
	}
}

// TestDeathBeforeTheStart kills Chromium while the page has not asked for the recording yet.
func TestDeathBeforeTheStart(t *testing.T) {
	first := make(chan struct{})
	var loads atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/" && loads.Add(1) == 1 {
			fmt.Fprint(w, "<!doctype html><title>waits</title>")
			close(first)
			return
		}
		fmt.Fprint(w, `<!doctype html><script>console.log("START_RECORDING")</script>`)
	}))
	t.Cleanup(server.Close)
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		<-first
		// Whatever it is loading now or has loaded: its Chromium is this process's only one.
		for _, pid := range chromiums(t) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}()
	r, _ := record(t, server.URL)
	<-killed
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	if final.Details != "End reason: StopEgress API" {
		t.Errorf("details %q tell of what is not missing", final.Details)
	}
}

// chromiums are this process's own.
func chromiums(t *testing.T) []int {
	t.Helper()
	var found []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		body, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var pid, parent int
		var name string
		var state string
		if n, _ := fmt.Sscanf(string(body), "%d %s %s %d", &pid, &name, &state, &parent); n == 4 &&
			parent == os.Getpid() && strings.Contains(name, "chrom") {
			found = append(found, pid)
		}
	}
	return found
}
