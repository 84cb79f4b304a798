package check

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestRun runs everything against a machine without servers and wants the lines in their order.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	body := "api_key: k\napi_secret: " + secret + "\nws_url: ws://127.0.0.1:1\nredis: {address: '127.0.0.1:1', password: " + secret + "}\nwork_dir: " + dir
	var names []string
	statuses := map[string]Status{}
	counted := 0
	failed := Run(t.Context(), Options{Body: body, Patience: patience}, func(r Result) {
		names = append(names, r.Check)
		statuses[r.Check] = r.Status
		if r.Status == Fail {
			counted++
		}
		if strings.Contains(r.String(), secret) {
			t.Errorf("a secret is in %q", r.String())
		}
	})
	order := "config ffmpeg chromium xvfb pulseaudio fonts video_encoder redis ws_url api_key work_dir outputs storage ports template_port template_base"
	if got := strings.Join(names, " "); got != order {
		t.Errorf("order %s", got)
	}
	if failed != counted || statuses["config"] != OK || statuses["redis"] != Fail || statuses["ws_url"] != Fail || statuses["api_key"] != Warn {
		t.Errorf("%d failed of %v", failed, statuses)
	}
}

// TestRunWithoutConfiguration still looks at the machine.
func TestRunWithoutConfiguration(t *testing.T) {
	var names []string
	failed := Run(t.Context(), Options{File: "/nowhere/egress.yaml", Patience: patience}, func(r Result) { names = append(names, r.Check) })
	if got := strings.Join(names, " "); failed == 0 || got != "config ffmpeg chromium xvfb pulseaudio fonts" {
		t.Errorf("%d failed of %s", failed, got)
	}
}

func TestHangingCheckEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hang := one{"hang", func(context.Context, *subject) []Result { <-release; return nil }}
		began := time.Now()
		want(t, hang.bounded(t.Context(), &subject{patience: DefaultPatience}), Fail, "nothing within 5s", "--timeout")
		if took := time.Since(began); took != DefaultPatience+overtime {
			t.Errorf("took %v", took)
		}
		close(release)
	})
}

func TestLines(t *testing.T) {
	r := Result{"redis", Fail, "a:1: connection refused", "start it", nil}
	if got := r.String(); got != "FAIL  redis          a:1: connection refused. Remedy: start it" {
		t.Errorf("%q", got)
	}
	body, err := json.Marshal([]Result{r, {"fonts", OK, "3 fonts", "", nil}, {"x", Warn, "y", "", nil}})
	if got := string(body); err != nil || got != `[{"check":"redis","status":"FAIL","found":"a:1: connection refused","remedy":"start it"},`+
		`{"check":"fonts","status":"ok","found":"3 fonts"},{"check":"x","status":"warn","found":"y"}]` {
		t.Errorf("%s %v", got, err)
	}
}
