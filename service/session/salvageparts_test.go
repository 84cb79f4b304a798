package session

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// deadParts is the home of an egress with segments and pictures whose process has died: nothing was delivered.
func (s *shore) deadParts(t *testing.T, ended bool) {
	t.Helper()
	began := time.Now().Add(-10 * time.Second).UnixNano()
	p := &plan.Plan{
		EgressID: "EG_test", WorkDir: s.home(), Format: programme.Format{Width: 64, Height: 64, FPS: 30, Video: true, Audio: true},
		Info: &livekit.EgressInfo{
			EgressId: "EG_test", Status: stActive, StartedAt: began,
			SegmentResults: []*livekit.SegmentsInfo{{PlaylistName: "hls/list.m3u8", StartedAt: began}},
			ImageResults:   []*livekit.ImagesInfo{{FilenamePrefix: "jpeg/i", StartedAt: began}},
		},
		Segments: &plan.Segments{Names: outputs.SegmentNames{Playlist: "hls/list.m3u8", Prefix: "s"}, Seconds: 4},
		Images:   []plan.Images{{Prefix: "jpeg/i"}},
	}
	p.Stores.Segments, p.Stores.Images = s.store(), []plan.Store{s.store()}
	run := New(p, Options{Debts: s.debts, OnUpdate: func(*livekit.EgressInfo) {}})
	if err := run.settle(); err != nil {
		t.Fatal(err)
	}
	ledger := []string{
		`{"n":0,"name":"s_00000.ts","at":"2026-01-02T03:04:05Z"}`, `{"n":0,"duration":4000000000}`,
		`{"n":1,"name":"s_00001.ts","at":"2026-01-02T03:04:09Z","start":120}`, `{"n":1,"duration":2000000000}`,
	}
	images := []string{`{"n":0,"name":"jpeg/i_00000.jpeg"}`}
	if ended {
		ledger, images = append(ledger, `{"n":0,"whole":true}`), append(images, `{"n":0,"whole":true}`)
		run.record.ends(endRecord{At: time.Unix(0, began).Add(6 * time.Second), Status: stComplete})
	}
	for name, body := range map[string]string{
		"segments/ledger": strings.Join(ledger, "\n"), "segments/00000.ts": "first", "segments/00001.ts": "second",
		"images0/ledger": strings.Join(images, "\n"), "images0/00000.jpeg": "picture",
	} {
		path := filepath.Join(s.home(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// One that was a debt already.
	if _, err := s.debts.Queue.Add(s.home(), uploads.Debt{
		ID: "000001-ABC", Egress: "EG_test", Name: "hls/s_00000.ts", Key: "pre/hls/s_00000.ts", Target: s.store().Target,
	}, filepath.Join(s.home(), "segments", "00000.ts")); err != nil {
		t.Fatal(err)
	}
	s.stop()
	run.home.Release()
	s.process(t)
}

// TestRecoveryOfParts: segments and pictures are delivered, the playlist is ended, and all of it is told once.
func TestRecoveryOfParts(t *testing.T) {
	for _, ended := range []bool{false, true} {
		s := newShore(t, t.TempDir())
		s.deadParts(t, ended)
		rec, err := OpenRecovery(s.home(), "ffmpeg", s.debts, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		final, told := recoverTest(rec)
		want, text := stFailed, textKilled
		if ended {
			want, text = stComplete, ""
		}
		if final.Status != want || final.Error != text || told[len(told)-1] != want {
			t.Errorf("%v %q, told %v", final.Status, final.Error, told)
		}
		g := final.SegmentResults[0]
		if g.SegmentCount != 2 || g.Duration != int64(6*time.Second) || g.Size != int64(len("firstsecond")) || g.EndedAt != g.StartedAt+g.Duration ||
			!strings.HasSuffix(g.PlaylistLocation, "/recordings/pre/hls/list.m3u8") {
			t.Errorf("segments: %v", g)
		}
		if i := final.ImageResults[0]; i.ImageCount != 1 || i.EndedAt <= i.StartedAt {
			t.Errorf("images: %v", i)
		}
		for key, want := range map[string]string{
			"pre/hls/s_00000.ts": "first", "pre/hls/s_00001.ts": "second", "pre/jpeg/i_00000.jpeg": "picture", "pre/hls/list.m3u8": "s_00000.ts\n",
		} {
			if body, err := s.Read("recordings", key); err != nil || !strings.Contains(string(body), want) {
				t.Errorf("%s: %q, %v", key, body, err)
			}
		}
		list, err := s.Read("recordings", "pre/hls/list.m3u8")
		if err != nil || !strings.HasSuffix(string(list), "#EXTINF:2.000,\ns_00001.ts\n#EXT-X-ENDLIST\n") {
			t.Errorf("playlist %q, %v", list, err)
		}
		rec.Release()
		s.gone(t)
	}
}
