package compose

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/journal"
	"github.com/ffegress/ffegress/rtpfeed/sound"
)

// tape is a journal in memory.
type tape struct {
	mu    sync.Mutex
	bytes []byte
	grew  chan struct{}
}

func (t *tape) Append(p []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, p...)
	select {
	case t.grew <- struct{}{}:
	default:
	}
	return nil
}

func (t *tape) Close() error { return nil }

// events waits until so many units are on it.
func (t *tape) events(tt *testing.T, units int) (all []journal.Event) {
	tt.Helper()
	deadline := time.After(30 * time.Second)
	for {
		t.mu.Lock()
		raw := bytes.Clone(t.bytes)
		t.mu.Unlock()
		all = all[:0]
		n := 0
		if err := journal.Read(bytes.NewReader(raw), func(e journal.Event) error {
			all = append(all, e)
			if e.Kind == journal.Media {
				n++
			}
			return nil
		}); err != nil {
			tt.Fatal(err)
		}
		if n >= units {
			return all
		}
		select {
		case <-t.grew:
		case <-deadline:
			tt.Fatalf("%d of %d units are written down", n, units)
		}
	}
}

// TestAgain: what a process had written down when it was killed is composed as that process would have composed it, up to
// its death: a picture whose way is 250 ms longer is right from the first flash if the reports had come.
func TestAgain(t *testing.T) {
	const seconds = 7
	video, audio := pictures(t, rtpfeed.VP8, 320, 180, seconds*cardFPS), sounds(t, rtpfeed.Opus, seconds*50)
	t.Parallel()
	s := newStudio(t, videoFormat(), false, time.Second)
	disk := &tape{grew: make(chan struct{}, 1)}
	log := journal.Start(disk, slog.New(slog.DiscardHandler))
	s.stage.o.Journal = log
	v := &player{units: video, rate: 90000, start: opening, delay: 250 * ms, sr: every(5200*ms, 5*time.Second)}
	a := &player{units: audio, rate: 48000, start: opening, sr: every(2900*ms, 3*time.Second)}
	v.sink = s.stage.Sink(rtpfeed.Track{SID: "TR_V", Identity: "p", Codec: rtpfeed.VP8, ClockRate: 90000}, sound.Both, nil)
	a.sink = s.stage.Sink(opusTrack("p"), sound.Both, nil)
	var wg sync.WaitGroup
	wg.Go(func() { v.run(s.began) })
	wg.Go(func() { a.run(s.began) })
	s.begin(t)
	wg.Wait()
	s.end(t)
	all := disk.events(t, len(video)+len(audio))
	log.Drop()
	<-log.Done()

	for _, c := range []struct {
		killed  time.Duration
		reports bool
	}{{3 * time.Second, false}, {time.Hour, true}} {
		var left []byte
		first, last := time.Duration(-1), time.Duration(0)
		for _, e := range all {
			at := max(e.At, e.Came)
			if at > c.killed {
				break
			}
			if left, last = journal.Append(left, &e), at; e.Kind == journal.Media && first < 0 {
				first = e.At
			}
		}
		again := s.again(t, append(left, 1, 2, 3))
		length := last - first
		if got := again.screen.format.Timeline().SampleTime(again.screen.total.Sample); (got - length).Abs() > ms {
			t.Errorf("killed after %v: %v recorded of %v", c.killed, got, length)
		}
		wrong := 0
		for _, l := range again.screen.frames[10:] {
			if !l.read {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("killed after %v: %d pictures cannot be read: %v", c.killed, wrong, again.screen)
		}
		count := int((length - flash - 300*ms) / time.Second)
		want(t, "beep", beeps(again.screen.left), s.flash(), count, 25*ms)
		if c.reports {
			want(t, "flash", again.screen.flashes(), s.flash(), count, 40*ms)
			alike(t, "beep", beeps(again.screen.left), beeps(s.screen.left), 3*ms)
			alike(t, "flash", again.screen.flashes(), s.screen.flashes(), 34*ms)
		}
	}
}

// again composes a journal.
func (s *studio) again(t *testing.T, journal []byte) *studio {
	t.Helper()
	f := s.screen.format
	stage, length, err := Again(Options{Format: f, FFmpeg: "ffmpeg"}, bytes.NewReader(journal))
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	n := &studio{
		stage: stage, programme: programme.New(f, programme.Options{Patience: 400 * ms}),
		screen: &screen{format: f, full: card.Rect{X1: f.Width, Y1: f.Height}},
	}
	n.programme.Attach(n.screen)
	if n.zero, err = stage.Begin(n.programme); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	n.programme.Stop(n.zero.Add(length))
	select {
	case <-n.programme.Done():
	case <-time.After(time.Minute):
		t.Fatal("the programme does not end")
	}
	t.Logf("%v composed in %v: %+v", length, time.Since(began), stage.Stats())
	return n
}

// alike compares moments with those of another recording, which may be longer.
func alike(t *testing.T, what string, got, other []time.Duration, tolerance time.Duration) {
	t.Helper()
	if len(got) > len(other) {
		t.Errorf("%s: %v, in the recording that was not killed %v", what, got, other)
		return
	}
	for i := range got {
		if (got[i] - other[i]).Abs() > tolerance {
			t.Errorf("%s %d is at %v, in the recording that was not killed at %v", what, i, got[i], other[i])
		}
	}
}

func TestAgainWithoutMedia(t *testing.T) {
	opened := journal.Append(nil, &journal.Event{Kind: journal.Opened, About: opusTrack("p")})
	stray := journal.Append(opened[:len(opened):len(opened)], &journal.Event{Kind: journal.Closed, Track: 1})
	for name, c := range map[string]struct {
		journal []byte
		none    bool
	}{"nothing": {nil, true}, "a track": {opened, true}, "a track that was never opened": {stray, false}} {
		_, _, err := Again(Options{Format: videoFormat(), FFmpeg: "ffmpeg"}, bytes.NewReader(c.journal))
		if err == nil || (err == ErrNoMedia) != c.none {
			t.Errorf("%s: %v", name, err)
		}
	}
}
