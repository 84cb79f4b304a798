package outputs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// recordSegments has the rig's stream cut into seconds, with a folder for them.
func (r *rig) recordSegments(fmp4 bool) (*Segments, string) {
	r.t.Helper()
	dir := r.t.TempDir()
	s := &Segments{
		Hub: r.hub, FFmpeg: "/usr/bin/ffmpeg", Syncer: &workfile.Syncer{}, Deliver: &store{LocalDeliver: LocalDeliver{Prefix: dir}}, FMP4: fmp4,
		Work: filepath.Join(dir, "work"), Names: SegmentNames{Playlist: "out/list.m3u8", Live: "out/live.m3u8", Prefix: "s"},
		Seconds: r.encoding.Options.SegmentSeconds, GOP: r.encoding.Options.GOP(),
	}
	if err := s.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	s.Begin(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	return s, filepath.Join(dir, "out")
}

// piece is a segment as a playlist has it.
type piece struct {
	name     string
	at       time.Time
	duration float64
}

var listing = regexp.MustCompile(`#EXT-X-PROGRAM-DATE-TIME:(\S+)\n#EXTINF:([\d.]+),\n(\S+)\n`)

func readPlaylist(t *testing.T, path string) (text string, all []piece) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range listing.FindAllStringSubmatch(string(raw), -1) {
		at, err := time.Parse(time.RFC3339, m[1])
		if err != nil {
			t.Fatal(err)
		}
		d, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, piece{m[3], at, d})
	}
	return string(raw), all
}

// alone is a file with one segment in it and what it takes to decode it.
func alone(t *testing.T, dir, name string) string {
	t.Helper()
	segment, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var head []byte
	if strings.HasSuffix(name, ".m4s") {
		if head, err = os.ReadFile(filepath.Join(dir, "s_init.mp4")); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, join(head, segment), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkPieces decodes each segment alone; with a picture its first packet is a
// keyframe, and it has as many frames as the playlist says.
func checkPieces(t *testing.T, dir string, all []piece, o ffpipe.EncoderOptions, missing int64) (total float64) {
	t.Helper()
	for n, p := range all {
		file := alone(t, dir, p.name)
		tool(t, "ffmpeg", "-i", file, "-f", "null", "-")
		if want := all[0].at.Add(time.Duration(total * float64(time.Second))); p.at.Sub(want).Abs() > 2*time.Millisecond {
			t.Errorf("segment %d is dated %s, want %s", n, p.at, want)
		}
		total += p.duration
		if p.duration > float64(o.SegmentSeconds) {
			t.Errorf("segment %d has %f s", n, p.duration)
		}
		if !o.Video {
			continue
		}
		frames := strings.Fields(string(tool(t, "ffprobe", "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0", file)))
		missing -= int64(math.Round(p.duration*float64(o.FPS))) - int64(len(frames))
		if missing < 0 || !strings.HasPrefix(frames[0], "K") {
			t.Errorf("segment %d has %d frames in %f s, the first is %s", n, len(frames), p.duration, frames[0])
		}
	}
	if missing != 0 {
		t.Errorf("%d frames are missing less than should be", missing)
	}
	return total
}

// TestSegments: whatever is in them, each segment decodes alone, together they
// play as one stream without a seam, and both playlists tell the truth.
func TestSegments(t *testing.T) {
	for _, c := range []struct {
		name string
		fmp4 bool
		kill bool
		o    ffpipe.EncoderOptions
	}{
		{"TS", false, false, ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 44100}},
		{"fMP4", true, false, ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 48000}},
		{"TS, several keyframes in a segment", false, false, ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 48000, KeyFrameInterval: 0.5}},
		{"TS beside RTMP", false, false, ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 44100, HRD: true, VideoBitrate: 500}},
		{"fMP4, video only", true, false, ffpipe.EncoderOptions{Video: true}},
		{"TS, audio only", false, false, ffpipe.EncoderOptions{Audio: true, AudioFrequency: 44100, FragmentDuration: 200 * time.Millisecond}},
		{"fMP4, audio only", true, false, ffpipe.EncoderOptions{Audio: true, AudioFrequency: 44100, FragmentDuration: 200 * time.Millisecond}},
		{"TS, encoder killed", false, true, ffpipe.EncoderOptions{Video: true, Audio: true, AudioFrequency: 44100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.o.SegmentSeconds = 1
			r := newRig(t, c.o)
			s, dir := r.recordSegments(c.fmp4)
			r.start()
			r.push(80, true)
			if c.kill {
				waitFor(t, "a fragment", func() bool { return r.hub.Stats().Fragments > 0 })
				r.kill()
			}
			r.push(80, true)
			r.end()
			made, err := s.Finish(t.Context())
			if err := errors.Join(err, r.encoding.Err()); err != nil {
				t.Fatal(err)
			}
			want, o := r.format.Timeline().FrameTime(r.frame), r.encoding.Options
			text, all := readPlaylist(t, filepath.Join(dir, "list.m3u8"))
			total := checkPieces(t, dir, all, o, r.encoding.Stats().MissingFrames)
			if math.Abs(total-want.Seconds()) > 0.05 || (made.Duration-want).Abs() > 50*time.Millisecond {
				t.Errorf("the playlist has %f s, the result %s, want %s", total, made.Duration, want)
			}
			if int64(len(all)) != made.Count || made.Path != filepath.Join(dir, "list.m3u8") || made.LivePath != filepath.Join(dir, "live.m3u8") {
				t.Errorf("%d segments listed, result %+v", len(all), made)
			}
			if !strings.Contains(text, "#EXT-X-TARGETDURATION:1\n") || !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") || strings.Contains(text, "DISCONTINUITY") {
				t.Errorf("playlist:\n%s", text)
			}
			if live, last := readPlaylist(t, filepath.Join(dir, "live.m3u8")); len(last) != 5 || last[4] != all[len(all)-1] ||
				!strings.Contains(live, fmt.Sprintf("#EXT-X-MEDIA-SEQUENCE:%d\n", len(all)-5)) {
				t.Errorf("live playlist:\n%s", live)
			}
			types := map[string]string{".ts": "video/mp2t", ".m4s": "video/mp4", ".mp4": "video/mp4", ".m3u8": "application/x-mpegurl"}
			for ext, got := range s.Deliver.(*store).types {
				if got != types[ext] {
					t.Errorf("%s has the type %q", ext, got)
				}
			}
			if _, err := os.Stat(s.Work); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the work folder is left: %v", err)
			}
			// As a player has it: one stream.
			joined := filepath.Join(t.TempDir(), "joined.mp4")
			tool(t, "ffmpeg", "-i", filepath.Join(dir, "list.m3u8"), "-map", "0", "-c", "copy", joined)
			m := measure(t, joined, o)
			m.checkJoined(t, want, r.encoding.Stats())
		})
	}
}

// checkJoined is check for what ffmpeg makes of a playlist: the flashes and beeps
// of all whole seconds, one second apart, together.
func (m measured) checkJoined(t *testing.T, want time.Duration, stats EncodingStats) {
	t.Helper()
	t.Logf("duration %.3f, flashes %.3f, beeps %.4f", m.duration, m.flashes, m.beeps)
	seconds := int(math.Ceil(want.Seconds()))
	if m.o.Video {
		if n := int64(math.Round(want.Seconds()*float64(m.o.FPS))) - stats.MissingFrames; int64(len(m.frames)) != n {
			t.Errorf("%d frames, want %d", len(m.frames), n)
		}
		if lost := int(stats.HoleFrames+stats.MissingFrames)/m.o.FPS + 1; stats.Restarts == 0 && len(m.flashes) != seconds || len(m.flashes) < seconds-lost {
			t.Errorf("%d flashes of %d", len(m.flashes), seconds)
		}
	}
	if m.o.Audio && len(m.beeps) != seconds {
		t.Errorf("%d beeps of %d", len(m.beeps), seconds)
	}
	if m.o.Video && m.o.Audio && stats.Restarts == 0 {
		for n := range min(len(m.flashes), len(m.beeps)) {
			if d := m.beeps[n] - m.flashes[n]; math.Abs(d) > 0.003 {
				t.Errorf("beep %d is %f s after its flash", n, d)
			}
		}
	}
}

// TestSegmentChildDies: a child that dies is started again, and nothing is
// missing.
func TestSegmentChildDies(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "ffmpeg")
	script := "#!/bin/sh\nn=$(cat " + dir + "/n 2>/dev/null || echo 0); echo $((n+1)) > " + dir + "/n\n" +
		"if [ $n -lt 2 ]; then /usr/bin/ffmpeg \"$@\" | head -c 5000; kill -9 $$; fi\nexec /usr/bin/ffmpeg \"$@\"\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	hub := avHub()
	s := &Segments{Hub: hub, FFmpeg: program, Deliver: LocalDeliver{Prefix: dir}, Work: filepath.Join(dir, "work"),
		Names: SegmentNames{Playlist: "out/list.m3u8", Prefix: "s"}, Seconds: 1, Timestamp: true}
	begin(t, s)
	sample(t, hub)
	hub.Close(nil)
	made, err := finish(t, s, t.Context())
	if err != nil || made.Duration != time.Second {
		t.Fatalf("%+v, %v", made, err)
	}
	_, all := readPlaylist(t, made.Path)
	if int64(len(all)) != made.Count || !regexp.MustCompile(`^s_\d{17}\.ts$`).MatchString(all[0].name) {
		t.Fatalf("%+v", all)
	}
	checkPieces(t, filepath.Dir(made.Path), all, ffpipe.EncoderOptions{Video: true, FPS: 30, SegmentSeconds: 1}, 0)

	// And one that always dies is this output's end.
	hub = avHub()
	s = &Segments{Hub: hub, FFmpeg: "/bin/false", Deliver: LocalDeliver{Prefix: dir}, Work: filepath.Join(dir, "work2"),
		Names: SegmentNames{Playlist: "none/list.m3u8", Prefix: "s"}, Seconds: 1}
	begin(t, s)
	sample(t, hub)
	hub.Close(nil)
	<-s.Done()
	if made, err := finish(t, s, t.Context()); !errors.Is(err, ErrNothing) || ffpipe.ErrorOf(err) == nil {
		t.Errorf("%+v, %v", made, err)
	}
}

// store is a Deliver that holds segments back, or refuses, by name.
type store struct {
	LocalDeliver
	mu    sync.Mutex
	order []string
	types map[string]string
	hold  map[string]chan struct{}
	fail  map[string]error
}

func (s *store) Deliver(ctx context.Context, d Delivery) (Delivered, error) {
	if gate := s.hold[filepath.Base(d.Name)]; gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return Delivered{}, ctx.Err()
		}
	}
	if err := s.fail[filepath.Base(d.Name)]; err != nil {
		return Delivered{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, filepath.Base(d.Name))
	if s.types == nil {
		s.types = map[string]string{}
	}
	s.types[filepath.Ext(d.Name)] = d.Type
	return s.LocalDeliver.Deliver(ctx, d)
}

// threeSeconds is a stream of three segments, made by hand.
func threeSeconds(t *testing.T, h *Hub) {
	t.Helper()
	run(t, h, h.start, fakeInit(fakeVideo, fakeAudio), half(0, true), half(1, false), half(2, true), half(3, false), half(4, true), half(5, false))
}

func heldSegments(t *testing.T, h *Hub, st *store) *Segments {
	t.Helper()
	dir := t.TempDir()
	st.Prefix = dir
	s := &Segments{Hub: h, Deliver: st, Work: filepath.Join(dir, "work"), FMP4: true, Seconds: 1,
		Names: SegmentNames{Playlist: "list.m3u8", Prefix: "s"}}
	begin(t, s)
	return s
}

// TestSegmentsListedWhenThere: segments are delivered beside each other, and a
// playlist names one only when it and all before it are there.
func TestSegmentsListedWhenThere(t *testing.T) {
	gate := make(chan struct{})
	st := &store{hold: map[string]chan struct{}{"s_00000.m4s": gate}}
	h := avHub()
	s := heldSegments(t, h, st)
	threeSeconds(t, h)
	h.Close(nil)
	waitFor(t, "the others", func() bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return len(st.order) == 2
	})
	if _, err := os.Stat(filepath.Join(st.Prefix, "list.m3u8")); !errors.Is(err, os.ErrNotExist) || s.Progress() != (Result{}) {
		t.Errorf("listed though the first is missing: %v, %+v", err, s.Progress())
	}
	close(gate)
	made, err := finish(t, s, t.Context())
	if err != nil || made.Count != 3 || made.Duration != 3*time.Second {
		t.Errorf("%+v, %v", made, err)
	}
	if got := strings.Join(st.order[2:], " "); got != "s_00000.m4s s_init.mp4 list.m3u8 list.m3u8 list.m3u8 list.m3u8" {
		t.Errorf("then came %s", got)
	}
}

// TestSegmentMissing: what can not be delivered fails the output; the playlist
// ends before it.
func TestSegmentMissing(t *testing.T) {
	st := &store{fail: map[string]error{"s_00001.m4s": syscall.EACCES}}
	h := avHub()
	s := heldSegments(t, h, st)
	threeSeconds(t, h)
	<-s.Done()
	h.Close(nil)
	made, err := finish(t, s, t.Context())
	if !errors.Is(err, syscall.EACCES) || made.Count != 1 || made.Path == "" {
		t.Errorf("%+v, %v", made, err)
	}
	if text, all := readPlaylist(t, made.Path); len(all) != 1 || !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") {
		t.Errorf("playlist:\n%s", text)
	}
}

// TestSegmentsHurry: a store that takes nothing is waited for only as long as
// Finish may take.
func TestSegmentsHurry(t *testing.T) {
	st := &store{hold: map[string]chan struct{}{"s_00001.m4s": make(chan struct{})}}
	h := avHub()
	s := heldSegments(t, h, st)
	threeSeconds(t, h)
	waitFor(t, "the first", func() bool { return s.Progress().Count == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if made, err := finish(t, s, ctx); !errors.Is(err, context.Canceled) || made.Count != 1 {
		t.Errorf("%+v, %v", made, err)
	}
}

// TestSegmentQueueFull: the queue to a store that takes nothing is bounded.
func TestSegmentQueueFull(t *testing.T) {
	gate := make(chan struct{})
	st := &store{hold: map[string]chan struct{}{}}
	for n := range 40 {
		st.hold[fmt.Sprintf("s_%05d.m4s", n)] = gate
	}
	h := avHub()
	dir := t.TempDir()
	st.Prefix = dir
	s := &Segments{Hub: h, Deliver: st, Work: filepath.Join(dir, "work"), FMP4: true, Seconds: 1, MaxPending: 2,
		Names: SegmentNames{Playlist: "list.m3u8", Prefix: "s"}}
	begin(t, s)
	parts := [][]byte{fakeInit(fakeVideo, fakeAudio)}
	for n := range 40 {
		parts = append(parts, half(2*n, true), half(2*n+1, false))
	}
	run(t, h, h.start, parts...)
	<-s.Done()
	h.Close(nil)
	close(gate)
	var full *QueueFullError
	made, err := finish(t, s, t.Context())
	if !errors.As(err, &full) || full.Error() != "segment upload queue full (2 pending): storage cannot keep up" || made.Count == 0 || made.Count == 40 {
		t.Errorf("%+v, %v", made, err)
	}
}

// TestSegmentsJump: where the timeline has a hole, the playlist says so, and no
// segment covers it.
func TestSegmentsJump(t *testing.T) {
	h := avHub()
	s := heldSegments(t, h, &store{})
	init := fakeInit(fakeVideo, fakeAudio)
	run(t, h, h.start, init, half(0, true), half(1, false))
	from := h.End()
	from.Frame, from.Sample = from.Frame+60, from.Sample+96000
	run(t, h, from, init, half(0, true), half(1, false))
	h.Close(nil)
	made, err := finish(t, s, t.Context())
	if err != nil || made.Duration != 2*time.Second {
		t.Errorf("%+v, %v", made, err)
	}
	text, all := readPlaylist(t, made.Path)
	if len(all) != 2 || strings.Count(text, "#EXT-X-DISCONTINUITY\n") != 1 || all[1].at.Sub(all[0].at) != 3*time.Second {
		t.Errorf("playlist:\n%s", text)
	}
}
