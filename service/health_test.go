package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
)

func get(t *testing.T, h http.Handler, target string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil))
	return w.Code, w.Body.String()
}

func TestHealth(t *testing.T) {
	s, _ := node(t, 8, "")
	health := http.HandlerFunc(s.serveHealth)
	look := func(want int, has ...string) string {
		t.Helper()
		code, body := get(t, health, "/any/path")
		if code != want || !json.Valid([]byte(body)) {
			t.Errorf("%d, want %d: %s", code, want, body)
		}
		for _, text := range has {
			if !strings.Contains(body, text) {
				t.Errorf("no %s in %s", text, body)
			}
		}
		return body
	}
	look(http.StatusOK, `"CpuLoad":0`)
	s.conf.VideoEncoder = "vaapi"
	s.conf.Video.Refused = []*ffpipe.Refusal{{Encoder: ffpipe.VAAPI, Err: errors.New("no device")}}
	look(http.StatusOK, `"VideoEncoder":"x264 encodes, vaapi: no device"`)
	s.conf.VideoEncoder = ffpipe.AutoVideoEncoder
	if body := look(http.StatusOK); strings.Contains(body, "VideoEncoder") {
		t.Errorf("what auto has chosen is no trouble: %s", body)
	}
	s.reachable.Store(false)
	look(http.StatusServiceUnavailable, `"Unavailable":"Redis does not answer"`)
	s.reachable.Store(true)
	s.draining.Store(true)
	look(http.StatusServiceUnavailable, `"Unavailable":"draining"`)
	s.draining.Store(false)
	air(t, s, "EG_1")
	s.draining.Store(true)
	body := look(http.StatusOK, `"EG_1":{"Web":{`, `"bucket":"films"`) // it is busy
	if strings.Contains(body, "sesame") {
		t.Errorf("secrets are told: %s", body)
	}
}

// TestHealthOfFullMemory: an idle node that could take nothing is of no use.
func TestHealthOfFullMemory(t *testing.T) {
	s, _ := node(t, 8, "max_memory: 0.5, memory_cost: 1")
	if code, body := get(t, http.HandlerFunc(s.serveHealth), "/"); code != http.StatusServiceUnavailable || !strings.Contains(body, "memory: needs") {
		t.Errorf("%d: %s", code, body)
	}
}

func TestPorts(t *testing.T) {
	s, _ := node(t, 8, "")
	p, err := listen("health_port", 0, true, http.HandlerFunc(s.serveHealth))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get("http://" + p.at.String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("%s", answer.Status)
	}
	p.close()
	var none *port
	none.close()
	if _, err := listen("health_port", -1, true, nil); err == nil || !strings.HasPrefix(err.Error(), "health_port: ") {
		t.Errorf("an impossible port: %v", err)
	}
}

// TestPortsBind: what schedulers and Prometheus ask for is to be had from elsewhere, what only operators may see is not.
func TestPortsBind(t *testing.T) {
	s, _ := node(t, 8, "")
	free := func() int {
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().(*net.TCPAddr).Port
	}
	if open, err := s.openPorts(); err != nil || len(open) > 0 {
		t.Errorf("without any key: %v, %v", open, err)
	}
	s.conf.HealthPort, s.conf.PrometheusPort, s.conf.DebugHandlerPort, s.conf.ControlPort = free(), free(), free(), free()
	open, err := s.openPorts()
	if err != nil {
		t.Fatal(err)
	}
	defer open.close()
	var at []string
	for _, p := range open {
		a := p.at.(*net.TCPAddr)
		at = append(at, fmt.Sprint(a.Port, " loopback ", a.IP.IsLoopback(), " all ", a.IP.IsUnspecified()))
	}
	for i, want := range []string{
		fmt.Sprint(s.conf.HealthPort, " loopback false all true"), fmt.Sprint(s.conf.PrometheusPort, " loopback false all true"),
		fmt.Sprint(s.conf.DebugHandlerPort, " loopback true all false"), fmt.Sprint(s.conf.ControlPort, " loopback true all false"),
	} {
		if at[i] != want {
			t.Errorf("%s, want %s", at[i], want)
		}
	}
}
