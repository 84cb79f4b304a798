package logs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/service/config"
)

func lines(out *bytes.Buffer) int { return strings.Count(out.String(), "\n") }

func TestForms(t *testing.T) {
	var out bytes.Buffer
	log := New(&out, config.Logging{Level: "warn", JSON: true}).With("egressID", "EG_1")
	log.Info("not told")
	log.Warn("told", "n", 1)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["egressID"] != "EG_1" || line["msg"] != "told" {
		t.Errorf("%v: %s", err, &out)
	}
	out.Reset()
	New(&out, config.Logging{}).Info("plain")
	if !strings.Contains(out.String(), "level=INFO msg=plain") {
		t.Errorf("%s", &out)
	}
}

func TestComponentLevels(t *testing.T) {
	for _, tt := range []struct {
		components map[string]string
		debug      bool // this package's debug lines are told
		info       bool
	}{
		{nil, false, true},
		{map[string]string{"service": "debug"}, true, true},
		{map[string]string{"service.logs": "debug", "service": "error"}, true, true},
		{map[string]string{"service.logs": "error"}, false, false},
		{map[string]string{"service.log": "error", "logs": "error"}, false, true},
		{map[string]string{"rtpfeed": "debug"}, false, true},
	} {
		var out bytes.Buffer
		log := New(&out, config.Logging{ComponentLevels: tt.components}).With("a", 1).WithGroup("g")
		log.Debug("quiet")
		log.Info("loud")
		log.Error("always")
		if got := strings.Contains(out.String(), "quiet"); got != tt.debug {
			t.Errorf("%v: debug told: %v", tt.components, got)
		}
		if got := strings.Contains(out.String(), "loud"); got != tt.info {
			t.Errorf("%v: info told: %v", tt.components, got)
		}
		if !strings.Contains(out.String(), "always") {
			t.Errorf("%v: an error was left out", tt.components)
		}
	}
}

func TestComponentName(t *testing.T) {
	for function, want := range map[string]string{
		"github.com/ffegress/ffegress/service/session.(*Session).Run":         "service.session",
		"github.com/ffegress/ffegress/uploads.Open.func1":                     "uploads",
		"github.com/pion/webrtc/v4.(*PeerConnection).Close":                   "pion.webrtc",
		"github.com/pion/webrtc/v4/internal/mux.New":                          "pion.webrtc.internal.mux",
		"github.com/livekit/psrpc/internal/bus.(*redisMessageBus).readWorker": "livekit.psrpc.internal.bus",
		"main.serve":              "main",
		"net/http.(*Server).logf": "net.http",
		"":                        "",
	} {
		if got := componentName(function); got != want {
			t.Errorf("%q: %q, want %q", function, got, want)
		}
	}
}

func TestSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := New(&out, config.Logging{Sample: true, SampleInitial: 2, SampleInterval: 5})
		for range 12 {
			log.Info("often")
			log.Error("bad")
		}
		log.Info("once")
		// The first two, the seventh and the twelfth.
		if got := strings.Count(out.String(), "often"); got != 4 {
			t.Errorf("told %d times", got)
		}
		if got := strings.Count(out.String(), "bad"); got != 12 {
			t.Errorf("%d errors told", got)
		}
		if !strings.Contains(out.String(), "once") {
			t.Error("another line is left out too")
		}
		time.Sleep(time.Second)
		out.Reset()
		log.Info("often")
		if lines(&out) != 1 {
			t.Error("a second later it is not told")
		}
	})
}

func TestSampleOfItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := New(&out, config.Logging{Sample: true, SampleInitial: 1000, ItemSampleSeconds: 10, ItemSampleInitial: 1, ItemSampleInterval: 100})
		one := log.With("egressID", "EG_1")
		for range 3 {
			one.Info("again")
			log.Info("again", "egressID", "EG_2")
			log.Info("again")
			time.Sleep(time.Second)
		}
		for text, want := range map[string]int{"EG_1": 1, "EG_2": 1, "again": 5} {
			if got := strings.Count(out.String(), text); got != want {
				t.Errorf("%s: %d lines, want %d", text, got, want)
			}
		}
		time.Sleep(10 * time.Second)
		out.Reset()
		one.Info("again")
		if lines(&out) != 1 {
			t.Error("ten seconds later it is not told")
		}
	})
}

// TestSamplerForgets: messages that differ each time do not fill the memory.
func TestSamplerForgets(t *testing.T) {
	s := newSampler(time.Second, 0, 0)
	for i := range 3 * mostLines {
		if !s.pass(said{message: fmt.Sprint(i)}, time.Unix(0, 0)) {
			t.Fatal("a new line is left out")
		}
	}
	if len(s.tallies) > mostLines {
		t.Errorf("%d lines are remembered", len(s.tallies))
	}
}

func BenchmarkComponentLevels(b *testing.B) {
	log := New(io.Discard, config.Logging{ComponentLevels: map[string]string{"service": "debug"}})
	for b.Loop() {
		log.Debug("quiet", slog.Int("n", 1))
	}
}
