package session

import (
	"encoding/binary"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/journal"
	"github.com/ffegress/ffegress/service/plan"
)

// call is the journal of a picture in VP8 and a sound in G.711, of so many seconds.
func call(t *testing.T, seconds int) (b []byte) {
	t.Helper()
	ivf, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=30", "-frames:v", "150", "-c:v", "libvpx",
		"-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-auto-alt-ref", "0", "-g", "30", "-f", "ivf", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	note := func(e journal.Event) {
		e.Came = e.At
		b = journal.Append(b, &e)
	}
	note(journal.Event{Kind: journal.Opened, About: rtpfeed.Track{SID: "TR_V", Identity: "p", Codec: rtpfeed.VP8, ClockRate: 90000}})
	note(journal.Event{Kind: journal.Opened, Track: 1, About: rtpfeed.Track{SID: "TR_A", Identity: "p", Codec: rtpfeed.PCMU, ClockRate: 8000}})
	ivf = ivf[32:]
	for n := range seconds * 150 { // of 1/150 s each
		at := time.Second + time.Duration(n)*time.Second/150
		if n%5 == 0 {
			size := binary.LittleEndian.Uint32(ivf)
			frame := ivf[12 : 12+size]
			ivf = ivf[12+size:]
			note(journal.Event{Kind: journal.Media, At: at, Unit: rtpfeed.Unit{Parts: [][]byte{frame}, Timestamp: uint32(n * 600), Keyframe: frame[0]&1 == 0}})
		}
		if n%3 == 0 {
			sound := []byte(strings.Repeat("\x80\xff", 80))
			note(journal.Event{Kind: journal.Media, Track: 1, At: at, Unit: rtpfeed.Unit{Parts: [][]byte{sound}, Timestamp: uint32(n / 3 * 160), Keyframe: true}})
		}
	}
	return b
}

// deadCall is the home of an egress that was killed while all it had was in its journal, but for a segment that it had
// delivered.
func (s *shore) deadCall(t *testing.T, journal []byte, ended time.Duration) {
	t.Helper()
	began := time.Now().Add(-10 * time.Second)
	at := began.UnixNano()
	p := &plan.Plan{
		EgressID: "EG_test", WorkDir: s.home(), Source: plan.Source{Kind: plan.Tracks},
		Format:  programme.Format{Width: 64, Height: 64, FPS: 30, Video: true, Audio: true},
		Encoder: ffpipe.EncoderOptions{Video: true, Audio: true, Width: 64, Height: 64, FPS: 30, VideoBitrate: 100, AudioBitrate: 64, SegmentSeconds: 2},
		Info: &livekit.EgressInfo{
			EgressId: "EG_test", Status: stActive, StartedAt: at,
			FileResults:    []*livekit.FileInfo{{Filename: "a/räume.mp4", StartedAt: at}},
			SegmentResults: []*livekit.SegmentsInfo{{PlaylistName: "hls/list.m3u8", StartedAt: at}},
			ImageResults:   []*livekit.ImagesInfo{{FilenamePrefix: "jpeg/i", StartedAt: at}},
		},
		File:     plan.File{Name: "a/räume.mp4", Path: filepath.Join(s.home(), "recording.mp4"), Type: "video/mp4"},
		Segments: &plan.Segments{Names: outputs.SegmentNames{Playlist: "hls/list.m3u8", Prefix: "s"}, Seconds: 2, FMP4: true},
		Images:   []plan.Images{{Prefix: "jpeg/i", Interval: 1}},
	}
	p.Stores.File, p.Stores.Segments, p.Stores.Images = s.store(), s.store(), []plan.Store{s.store()}
	run := New(p, Options{Debts: s.debts, OnUpdate: func(*livekit.EgressInfo) {}})
	if err := run.settle(); err != nil {
		t.Fatal(err)
	}
	if ended > 0 {
		run.record.ends(endRecord{At: began.Add(ended), Status: stComplete})
	}
	for name, body := range map[string]string{
		"journal": string(journal), "work.mp4": "a part of a fragment",
		"segments/ledger": `{"n":0,"name":"s_00000.m4s","at":"2026-01-02T03:04:05Z"}`, "segments/init": "old", "segments/00000.mp4": "a part of a fragment",
		"again/work.mp4": "of another recovery that was killed",
	} {
		path := filepath.Join(s.home(), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.stop()
	run.home.Release()
	s.process(t)
}

// TestRecoveryOfJournal: what was held back when a process was killed is composed again, into everything that was asked
// for, up to where it was to end or was killed.
func TestRecoveryOfJournal(t *testing.T) {
	whole := call(t, 5)
	for name, c := range map[string]struct {
		journal []byte
		ended   time.Duration
		length  time.Duration
		status  livekit.EgressStatus
		text    string
	}{
		"killed":        {journal: whole, length: 4980 * time.Millisecond, status: stFailed, text: textKilled},
		"torn":          {journal: whole[:len(whole)-10], length: 4967 * time.Millisecond, status: stFailed, text: textKilled},
		"it was ending": {journal: whole, ended: 3 * time.Second, length: 3 * time.Second, status: stComplete},
		"of no use":     {journal: whole[1:], status: stFailed, text: textKilled},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShore(t, t.TempDir())
			s.deadCall(t, c.journal, c.ended)
			rec, err := OpenRecovery(s.home(), "ffmpeg", s.debts, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			final, _ := recoverTest(rec)
			if final.Status != c.status || final.Error != c.text {
				t.Errorf("%v %q", final.Status, final.Error)
			}
			f, g, i := final.FileResults[0], final.SegmentResults[0], final.ImageResults[0]
			if c.length == 0 {
				if f.Duration != 0 || g.SegmentCount != 0 || i.ImageCount != 0 {
					t.Errorf("of nothing was made %v, %v, %v", f, g, i)
				}
				rec.Release()
				return
			}
			for what, told := range map[string]int64{"file": f.Duration, "segments": g.Duration} {
				if off := time.Duration(told) - c.length; off.Abs() > 40*time.Millisecond {
					t.Errorf("%s: %v, want %v", what, time.Duration(told), c.length)
				}
			}
			if want := int64(c.length+2*time.Second-time.Millisecond) / int64(2*time.Second); g.SegmentCount != want {
				t.Errorf("%d segments, want %d", g.SegmentCount, want)
			}
			if want := int64(c.length+time.Second-time.Millisecond) / int64(time.Second); i.ImageCount != want {
				t.Errorf("%d images, want %d", i.ImageCount, want)
			}
			body, err := s.Read("recordings", "pre/a/räume.mp4")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "x.mp4")
			if err := os.WriteFile(file, body, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", file, "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v: %s", err, out)
			}
			list, err := s.Read("recordings", "pre/hls/list.m3u8")
			if err != nil || !strings.HasSuffix(string(list), "#EXT-X-ENDLIST\n") {
				t.Errorf("playlist %q, %v", list, err)
			}
			rec.Release()
			s.gone(t)
		})
	}
}
