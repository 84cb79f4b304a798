package session

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

func debugged(t *testing.T, d plan.Debug) (files *debugFiles, log *bytes.Buffer) {
	t.Helper()
	d.Store.Prefix = filepath.Join(t.TempDir(), "kept")
	log = &bytes.Buffer{}
	p := &plan.Plan{EgressID: "EG_1", WorkDir: filepath.Join(t.TempDir(), "work"), Debug: d}
	return newDebugFiles(p, slog.New(slog.NewTextHandler(log, nil))), log
}

func TestDebugFilesReachTheirStore(t *testing.T) {
	d, log := debugged(t, plan.Debug{Console: true, Tracks: true, Streams: true, Profiles: true})
	d.begin()
	d.console().Info("page tells", "text", "hello")
	d.beside(d.log, "stream-1.log").Warn("refused")
	d.beside(d.log, "stream-2.log") // of which nothing is told
	sink := d.track(rtpfeed.Track{SID: "TR_a", Codec: rtpfeed.Opus}, &heardSink{})
	sink.Unit(rtpfeed.Unit{Parts: [][]byte{{1, 2}, {3}}, Timestamp: 960, Arrived: time.Now()})
	sink.Close()
	d.end(true)

	dir := filepath.Join(d.plan.Store.Prefix, "EG_1")
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err, log)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"chrome.log", "cpu.prof", "heap.prof", "stream-1.log", "track-TR_a.csv"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	for name, want := range map[string]string{"chrome.log": `"text":"hello"`, "stream-1.log": `"msg":"refused"`, "track-TR_a.csv": ",unit,960,3,false,0,"} {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %q, %v", name, body, err)
		}
	}
	if !strings.Contains(log.String(), "refused") {
		t.Errorf("the log itself does not tell: %s", log)
	}
	if _, err := os.Stat(d.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("work dir: %v", err)
	}
	sink.Unit(rtpfeed.Unit{}) // is nobody's by now
}

func TestDebugFilesOfNobody(t *testing.T) {
	d, _ := debugged(t, plan.Debug{Console: true, Profiles: true})
	d.begin()
	d.console().Info("page tells")
	d.close()
	d.end(false)
	if _, err := os.Stat(d.plan.Store.Prefix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("store: %v", err)
	}
	if _, err := os.Stat(d.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("work dir: %v", err)
	}
}

func TestDebugFilesWithoutTheirStore(t *testing.T) {
	d, log := debugged(t, plan.Debug{Console: true})
	d.open = func(context.Context, uploads.Target, *slog.Logger) (uploads.Store, error) {
		return nil, errors.New("away")
	}
	d.console().Info("page tells")
	d.end(true)
	if !strings.Contains(log.String(), "away") {
		t.Errorf("%s", log)
	}
	if _, err := os.Stat(d.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("work dir: %v", err)
	}
}

func TestDebugFilesAreOff(t *testing.T) {
	d := newDebugFiles(&plan.Plan{Debug: plan.Debug{}}, slog.New(slog.DiscardHandler))
	log, sink := slog.New(slog.DiscardHandler), &heardSink{}
	d.begin()
	if d != nil || d.console() != nil || d.beside(log, "x") != log || d.track(rtpfeed.Track{}, sink) != sink {
		t.Error("something is kept")
	}
	d.end(true)
}

func TestDebugFileIsBounded(t *testing.T) {
	d, _ := debugged(t, plan.Debug{Console: true})
	f := &debugFile{dir: d, name: "a.log", most: 10}
	for _, line := range []string{"123456\n", "abcdef\n", "ABCDEF\n"} {
		if n, err := f.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a.log": "ABCDEF\n", "a-before.log": "abcdef\n"} {
		if body, err := os.ReadFile(filepath.Join(d.dir, name)); err != nil || string(body) != want {
			t.Errorf("%s: %q, %v", name, body, err)
		}
	}
}

func TestDebugTrackTellsAll(t *testing.T) {
	var out bytes.Buffer
	at, sink := time.Unix(100, 0), &heardSink{}
	d := newDebugTrack(&out, rtpfeed.Track{Codec: rtpfeed.VP8}, sink, at)
	d.Muted(true, at.Add(time.Millisecond))
	d.Report(rtpfeed.Report{NTP: 7, RTP: 8, Arrived: at.Add(2 * time.Millisecond)})
	d.Vacant(at.Add(3 * time.Millisecond))
	d.Replaced(rtpfeed.Track{Codec: rtpfeed.H264})
	d.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 7 {
		t.Fatalf("%q", lines)
	}
	for i, want := range []string{"us,event,rtp,bytes,keyframe,lost,ntp,codec", "0,track,,,,,,video/VP8", "1000,muted,,,,,,", "2000,report,8,,,,7,", "3000,vacant,,,,,,"} {
		if lines[i] != want {
			t.Errorf("line %d: %q, want %q", i, lines[i], want)
		}
	}
	if !strings.HasSuffix(lines[5], ",replaced,,,,,,video/H264") || !strings.HasSuffix(lines[6], ",closed,,,,,,") {
		t.Errorf("%q", lines[5:])
	}
	if want := "muted report vacant replaced closed"; strings.Join(sink.heard, " ") != want {
		t.Errorf("the sink heard %q", sink.heard)
	}
}

type heardSink struct{ heard []string }

func (s *heardSink) Unit(rtpfeed.Unit)      { s.heard = append(s.heard, "unit") }
func (s *heardSink) Report(rtpfeed.Report)  { s.heard = append(s.heard, "report") }
func (s *heardSink) Muted(bool, time.Time)  { s.heard = append(s.heard, "muted") }
func (s *heardSink) Replaced(rtpfeed.Track) { s.heard = append(s.heard, "replaced") }
func (s *heardSink) Vacant(time.Time)       { s.heard = append(s.heard, "vacant") }
func (s *heardSink) Close()                 { s.heard = append(s.heard, "closed") }
