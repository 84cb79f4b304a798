package outputs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

func avHub() *Hub { return NewHub(HubOptions{FPS: 30, HasVideo: true, HasAudio: true}) }

func run(t *testing.T, h *Hub, from programme.Point, parts ...[]byte) {
	t.Helper()
	// The hub writes into what it reads, never into what the test has.
	if err := h.Run(bytes.NewReader(join(parts...)), from); err != nil {
		t.Fatal(err)
	}
}

// drain reads until the end; the init segment is checked and left out.
func drain(t *testing.T, s *Subscription, end error) []*Fragment {
	t.Helper()
	var got []*Fragment
	for {
		f, err := s.Next(t.Context())
		if err != nil {
			if !errors.Is(err, end) {
				t.Fatalf("ended with %v, want %v", err, end)
			}
			break
		}
		got = append(got, f)
	}
	if len(got) == 0 {
		return nil
	}
	if !got[0].Init {
		t.Fatal("no init segment")
	}
	return got[1:]
}

// times reads the decode times that stand in a published fragment.
func times(t *testing.T, h *Hub, f *Fragment) (video, audio int64) {
	t.Helper()
	u, err := newBoxReader(bytes.NewReader(f.Data)).next()
	if err != nil {
		t.Fatal(err)
	}
	trafs, _, err := parseMoof(u.head, h.format.(*movie).parsed)
	if err != nil {
		t.Fatal(err)
	}
	video, audio = -1, -1
	for _, tf := range trafs {
		if tf.id == 1 {
			video = tf.base
		} else {
			audio = tf.base
		}
	}
	return video, audio
}

// TestHubRestart: a second run goes on exactly where the first was cut off, and
// End names the point from which it has to be fed.
func TestHubRestart(t *testing.T) {
	h := avHub()
	s := h.Subscribe("file", Lossless{})
	init := fakeInit(fakeVideo, fakeAudio)
	cut := half(3, false)
	run(t, h, programme.Point{}, init, half(0, true), half(1, false), half(2, true), cut[:len(cut)-7])
	end := h.End()
	if want := (programme.Point{Frame: 45, Sample: 3 * 24 * 1024}); end != want {
		t.Fatalf("end %+v, want %+v", end, want)
	}
	run(t, h, end, init, half(0, true), half(1, false))
	h.Close(nil)
	got := drain(t, s, io.EOF)
	want := []Fragment{
		{Key: true, VideoStart: 0, VideoEnd: 15, AudioStart: 0, AudioEnd: 24*1024 - 1024},
		{Key: false, VideoStart: 15, VideoEnd: 30, AudioStart: 24*1024 - 1024, AudioEnd: 48*1024 - 1024},
		{Key: true, VideoStart: 30, VideoEnd: 45, AudioStart: 48*1024 - 1024, AudioEnd: 72*1024 - 1024},
		{Key: true, VideoStart: 45, VideoEnd: 60, AudioStart: 72*1024 - 1024, AudioEnd: 96*1024 - 1024},
		{Key: false, VideoStart: 60, VideoEnd: 75, AudioStart: 96*1024 - 1024, AudioEnd: 120*1024 - 1024},
	}
	if len(got) != len(want) {
		t.Fatalf("%d fragments", len(got))
	}
	for i, f := range got {
		flat := *f
		flat.Data = nil
		if w := want[i]; flat.Key != w.Key || flat.VideoStart != w.VideoStart || flat.VideoEnd != w.VideoEnd ||
			flat.AudioStart != w.AudioStart || flat.AudioEnd != w.AudioEnd {
			t.Errorf("fragment %d: %+v, want %+v", i, flat, w)
		}
		if v, a := times(t, h, f); v != int64(i*15*512) || a != int64(i*24*1024) {
			t.Errorf("fragment %d stands at %d, %d", i, v, a)
		}
	}
	if st := h.Stats(); st.Fragments != 5 || st.Frames != 75 || st.Missing != 0 {
		t.Errorf("%+v", st)
	}
}

// TestHubReordering: B-frames that died with the encoder leave a gap, never two
// frames at one time.
func TestHubReordering(t *testing.T) {
	h := NewHub(HubOptions{FPS: 30, HasVideo: true})
	init := fakeInit(fakeVideo)
	s := h.Subscribe("file", Lossless{})
	// Decoded I0 P3 B1 B2 P7, delay of two frames; B4 to B6 never came.
	cts := []uint32{1024, 1024 + 2*512, 1024 - 1*512, 1024 - 1*512, 1024 + 3*512}
	run(t, h, programme.Point{}, init, fakeFragment(1, 9, fakeRun{id: 1, samples: 5, duration: 512, key: true, cts: cts}))
	end := h.End()
	if end.Frame != 8 {
		t.Fatalf("end %+v, want frame 8", end)
	}
	run(t, h, end, init, fakeFragment(1, 9, fakeRun{id: 1, samples: 2, duration: 512, key: true, cts: []uint32{1024, 1024}}))
	h.Close(nil)
	got := drain(t, s, io.EOF)
	if v, _ := times(t, h, got[1]); v != 8*512 {
		t.Errorf("second run stands at %d", v)
	}
	if st := h.Stats(); st.Missing != 3 || h.End().Frame != 10 {
		t.Errorf("%+v, end %+v", st, h.End())
	}
}

// TestHubPoints: at 44.1 kHz the end is between two 48 kHz samples; the nearest
// is told, and the media goes on without a gap for all of that.
func TestHubPoints(t *testing.T) {
	audio := fakeTrack{id: 2, timescale: 44100, shift: 1024}
	init := fakeInit(audio)
	h := NewHub(HubOptions{HasAudio: true})
	s := h.Subscribe("file", Lossless{})
	media := int64(0)
	for n := range 200 {
		from := h.End()
		if want := (media*48000*2 + 44100) / (44100 * 2); from != (programme.Point{Sample: want}) {
			t.Fatalf("run %d: end %+v, want sample %d", n, from, want)
		}
		run(t, h, from, init, fakeFragment(1, 1, fakeRun{id: 2, samples: n%7 + 1, duration: 1024, key: true}))
		media += int64(n%7+1) * 1024
	}
	h.Close(nil)
	at := int64(0)
	for n, f := range drain(t, s, io.EOF) {
		if _, a := times(t, h, f); a != at {
			t.Fatalf("run %d stands at %d, want %d", n, a, at)
		}
		at += int64(n%7+1) * 1024
	}
}

func TestHubRunErrors(t *testing.T) {
	init := fakeInit(fakeVideo, fakeAudio)
	other := fakeInit(fakeTrack{id: 1, timescale: 15360, video: true}, fakeAudio)
	back := join(init, half(1, true), half(0, true))
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		from  programme.Point
		input io.Reader
		want  error
	}{
		{"other init", programme.Point{Frame: 30, Sample: 49152}, bytes.NewReader(join(other, half(0, true))), ErrInitChanged},
		{"too early", programme.Point{Frame: 28, Sample: 49152}, bytes.NewReader(join(init, half(0, true))), ErrRewound},
		{"audio too early", programme.Point{Frame: 30, Sample: 40000}, bytes.NewReader(join(init, half(0, true))), ErrRewound},
		{"negative", programme.Point{Frame: -1, Sample: 49152}, bytes.NewReader(init), ErrRewound},
		{"fragment first", programme.Point{}, bytes.NewReader(half(0, true)), ErrMalformed},
		{"two inits", programme.Point{Frame: 30, Sample: 49152}, bytes.NewReader(join(init, init)), ErrMalformed},
		{"time goes back", programme.Point{Frame: 30, Sample: 49152}, bytes.NewReader(back), ErrMalformed},
		{"reader fails", programme.Point{Frame: 30, Sample: 49152}, io.MultiReader(bytes.NewReader(init), iotest.ErrReader(broken)), broken},
	} {
		h := avHub()
		run(t, h, programme.Point{}, init, half(0, true), half(1, false))
		if err := h.Run(c.input, c.from); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if end := h.End(); end.Frame < 30 || end.Sample < 49152 {
			t.Errorf("%s: end %+v", c.name, end)
		}
	}
	for _, o := range []HubOptions{{HasAudio: true}, {FPS: 30, HasVideo: true}, {HasVideo: true, HasAudio: true}} {
		if err := NewHub(o).Run(bytes.NewReader(init), programme.Point{}); !errors.Is(err, ErrInitChanged) {
			t.Errorf("tracks other than asked for: %v", err)
		}
	}
	h := avHub()
	h.Close(nil)
	if err := h.Run(bytes.NewReader(init), programme.Point{}); err == nil {
		t.Error("closed hub runs")
	}
}

// TestHubBadFragment: a fragment that can not be placed leaves End as it was.
func TestHubBadFragment(t *testing.T) {
	h := avHub()
	bad := fakeFragment(2, 1,
		fakeRun{id: 1, base: 15 * 512, samples: 15, duration: 512},
		fakeRun{id: 2, base: 0, samples: 24, duration: 1024})
	err := h.Run(bytes.NewReader(join(fakeInit(fakeVideo, fakeAudio), half(0, true), bad)), programme.Point{})
	if want := (programme.Point{Frame: 15, Sample: 24576}); !errors.Is(err, ErrMalformed) || h.End() != want {
		t.Errorf("%v, end %+v", err, h.End())
	}
}

func TestLateJoiner(t *testing.T) {
	init := fakeInit(fakeVideo, fakeAudio)
	h := avHub()
	run(t, h, programme.Point{}, init, half(0, true), half(1, false), half(2, true), half(3, false))
	early, live := h.Subscribe("late", Lossless{}), h.Subscribe("tight", Live{MaxBytes: 10})
	run(t, h, h.End(), init, half(0, true), half(1, false))
	h.Close(nil)
	got := drain(t, early, io.EOF)
	if len(got) != 4 || !got[0].Key || got[0].VideoStart != 30 {
		t.Errorf("late joiner got %d fragments from %+v", len(got), got[0].VideoStart)
	}
	if got := drain(t, live, io.EOF); len(got) != 0 && !got[0].Key {
		t.Error("joiner with little room does not begin at a sync point")
	}
	if got := drain(t, h.Subscribe("after", Lossless{}), io.EOF); len(got) != 0 {
		t.Errorf("%d fragments after the end", len(got))
	}
}

func TestLateJoinerAudioOnly(t *testing.T) {
	h := NewHub(HubOptions{HasAudio: true})
	init := fakeInit(fakeAudio)
	aac := func(n int) []byte {
		return fakeFragment(1, 9, fakeRun{id: 2, base: uint64(n * 24 * 1024), samples: 24, duration: 1024})
	}
	run(t, h, programme.Point{}, init, aac(0), aac(1), aac(2))
	s := h.Subscribe("late", Lossless{})
	run(t, h, h.End(), init, aac(0))
	h.Close(nil)
	got := drain(t, s, io.EOF)
	if len(got) != 2 || !got[0].Key || got[0].AudioStart != 2*24*1024-1024 {
		t.Errorf("%d fragments", len(got))
	}
}

// TestHubMemory: what is kept for late joiners is bounded; a joiner then waits
// for the next sync point.
func TestHubMemory(t *testing.T) {
	init := fakeInit(fakeVideo, fakeAudio)
	h := NewHub(HubOptions{FPS: 30, HasVideo: true, HasAudio: true, MemoryLimit: int64(3*len(half(0, true)) + 1)})
	var most int64
	h.published = func(programme.Point) { most = max(most, h.Stats().Retained) }
	run(t, h, programme.Point{}, init, half(0, true), half(1, false), half(2, false), half(3, false), half(4, false))
	if h.Stats().Retained != 0 || most > h.o.MemoryLimit {
		t.Errorf("%d bytes retained, most %d, limit %d", h.Stats().Retained, most, h.o.MemoryLimit)
	}
	s := h.Subscribe("late", Lossless{})
	run(t, h, h.End(), init, half(0, true))
	h.Close(nil)
	if got := drain(t, s, io.EOF); len(got) != 1 || got[0].VideoStart != 75 {
		t.Errorf("%d fragments", len(got))
	}
}

// TestPolicies: one hub, a slow subscriber of each kind and a quick one; only
// the slow ones lose, each in its own way.
func TestPolicies(t *testing.T) {
	size := int64(len(half(0, true)))
	h := avHub()
	lossless := h.Subscribe("slow file", Lossless{MaxBytes: 3 * size})
	live := h.Subscribe("slow stream", Live{MaxBytes: 3 * size})
	quick := h.Subscribe("file", Lossless{})
	init := fakeInit(fakeVideo, fakeAudio)
	run(t, h, programme.Point{}, init,
		half(0, true), half(1, false), half(2, false), half(3, false), half(4, false), half(5, true), half(6, false))
	h.Close(nil)
	if got := drain(t, quick, io.EOF); len(got) != 7 {
		t.Errorf("quick subscriber got %d of 7", len(got))
	}
	if got := drain(t, lossless, ErrOverflow); len(got) != 3 || got[2].VideoEnd != 45 {
		t.Errorf("slow lossless subscriber got %d fragments", len(got))
	}
	if got := drain(t, live, io.EOF); len(got) != 2 || !got[0].Key || got[0].VideoStart != 75 {
		t.Errorf("slow live subscriber got %d fragments", len(got))
	}
	if live.Dropped() != 5 || quick.Dropped() != 0 {
		t.Errorf("dropped %d and %d", live.Dropped(), quick.Dropped())
	}
}

// TestLiveDropsAtKey: a key fragment that does not fit replaces the queue.
func TestLiveDropsAtKey(t *testing.T) {
	size := int64(len(half(0, true)))
	h := avHub()
	live := h.Subscribe("slow", Live{MaxBytes: 2 * size})
	run(t, h, programme.Point{}, fakeInit(fakeVideo, fakeAudio), half(0, true), half(1, false), half(2, true))
	h.Close(nil)
	if got := drain(t, live, io.EOF); len(got) != 1 || got[0].VideoStart != 30 || live.Dropped() != 2 {
		t.Errorf("%d fragments, %d dropped", len(got), live.Dropped())
	}
}

func TestNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := avHub()
		s := h.Subscribe("waiting", Lossless{})
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error, 8)
		next := func(ctx context.Context) {
			_, err := s.Next(ctx)
			results <- err
		}
		go next(ctx)
		synctest.Wait()
		if len(results) != 0 {
			t.Fatal("Next did not wait")
		}
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		go next(t.Context())
		synctest.Wait()
		run(t, h, programme.Point{}, fakeInit(fakeVideo, fakeAudio))
		if err := <-results; err != nil {
			t.Errorf("init segment: %v", err)
		}
		go next(t.Context())
		synctest.Wait()
		broken := errors.New("three deaths")
		h.Close(broken)
		h.Close(nil)
		if err := <-results; !errors.Is(err, broken) {
			t.Errorf("closed hub: %v", err)
		}
		other := avHub()
		s = other.Subscribe("leaving", Live{})
		go next(t.Context())
		synctest.Wait()
		s.Close()
		s.Close()
		if err := <-results; !errors.Is(err, ErrUnsubscribed) {
			t.Errorf("closed subscription: %v", err)
		}
		run(t, other, programme.Point{}, fakeInit(fakeVideo, fakeAudio), half(0, true))
	})
}
