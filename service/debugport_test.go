package service

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDebugState(t *testing.T) {
	s, _ := node(t, 8, "web_cpu_cost: 4")
	h := s.debugHandler()
	code, body := get(t, h, "/state")
	var n nodeState
	if err := json.Unmarshal([]byte(body), &n); code != http.StatusOK || err != nil {
		t.Fatalf("%d, %v: %s", code, err, body)
	}
	if n.Load.Cores != 8 || len(n.Accepts) != len(sampleClasses) || !n.Accepts[0].Accept {
		t.Errorf("%+v", n)
	}
	air(t, s, "EG_1")
	for _, path := range []string{"/state/EG_1", "/gst_pipeline/EG_1"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // the session does not run, and so does not answer
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
		if got := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(got, `"reserved_cores": 4`) || strings.Contains(got, "sesame") {
			t.Errorf("%s: %d: %s", path, w.Code, got)
		}
	}
	if code, _ := get(t, h, "/state/EG_2"); code != http.StatusNotFound {
		t.Errorf("an egress that is not there: %d", code)
	}
}

func TestDebugProfiles(t *testing.T) {
	s, _ := node(t, 8, "")
	air(t, s, "EG_1")
	h := s.debugHandler()
	for target, want := range map[string]int{
		"/pprof/goroutine?timeout=0&debug=1":      http.StatusOK,
		"/pprof/EG_1/goroutine?timeout=0&debug=0": http.StatusOK,
		"/pprof/cpu?timeout=0&debug=0":            http.StatusOK,
		"/pprof/EG_2/goroutine?timeout=0&debug=0": http.StatusNotFound,
		"/pprof/nothing?timeout=0&debug=0":        http.StatusNotFound,
		"/pprof/goroutine":                        http.StatusBadRequest,
		"/pprof/goroutine?timeout=1":              http.StatusBadRequest,
		"/pprof/goroutine?timeout=x&debug=1":      http.StatusBadRequest,
		"/pprof/goroutine?timeout=-1&debug=1":     http.StatusBadRequest,
		"/debug/pprof/":                           http.StatusOK,
		"/elsewhere":                              http.StatusNotFound,
	} {
		if code, body := get(t, h, target); code != want {
			t.Errorf("%s: %d, want %d: %.200s", target, code, want, body)
		}
	}
	var body bytes.Buffer
	if err := profile(t.Context(), "goroutine", 0, 1, &body); err != nil || !strings.Contains(body.String(), "TestDebugProfiles") {
		t.Errorf("%v: %s", err, &body)
	}
}
