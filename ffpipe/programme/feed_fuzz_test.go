package programme

import (
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// A picture that is given again stands, and one that was left out for the lag moves the picture when it comes again.
func TestFeedCountsWhatStands(t *testing.T) {
	s := newStation(small)
	s.feed.run = &serving{video: true, audio: true, failed: make(chan struct{})}
	a, b := s.pool.Get(), s.pool.Get()
	depth := int64(s.feed.frames.depth)
	s.feed.VideoFrame(0, a, false)
	s.feed.VideoFrame(1, a, true)
	for n := int64(2); n < depth; n++ {
		s.feed.VideoFrame(n, a, true) // nothing is written meanwhile: the lag grows
	}
	s.feed.VideoFrame(depth, b, false) // far behind, but the last new picture is long ago
	s.feed.VideoFrame(depth+1, a, false)
	s.feed.run.pos.Frame = depth + 1
	s.feed.VideoFrame(depth+2, a, true)
	if st := s.feed.Stats(); st.Still != depth || st.Overload != 1 {
		t.Errorf("%d stand, %d for the lag; want %d and 1", st.Still, st.Overload, depth)
	}
}

// Encoders that are slow, stand still and die at any moment, each continued by the next from what the hub had of it:
// all runs together give every slot and every sample once, and memory stays bounded.
func FuzzFeed(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed, uint8(seed*40))
	}
	f.Fuzz(func(t *testing.T, seed uint64, slow uint8) {
		synctest.Test(t, func(t *testing.T) { feedOnce(t, rand.New(rand.NewPCG(seed, 5)), int64(slow)) })
	})
}

func feedOnce(t *testing.T, rng *rand.Rand, slow int64) {
	s := newStation(small)
	emitted := make(chan struct{})
	go func() {
		defer close(emitted)
		s.play(8*time.Second, func() {
			st := s.feed.Stats()
			if st.QueueFrames > s.feed.frames.depth || s.pool.InUse() > s.feed.frames.depth+2 || st.RetainedPCM > 30*SampleRate {
				t.Errorf("%+v, %d in use", st, s.pool.InUse())
			}
		})
		s.end()
	}()
	var video, audio []byte // as the hub has them
	for run := 0; ; run++ {
		steps := rand.New(rand.NewPCG(rng.Uint64(), 6)) // the reader's own
		pace := func() { time.Sleep(time.Duration(steps.Int64N(1+slow)) * time.Millisecond) }
		if run > 5 {
			pace = nil // the last one lives
		}
		v, a := newReader(6, pace), newReader(1600*pcmBytes, nil)
		from := Point{int64(len(video) / 6), int64(len(audio) / pcmBytes)}
		s.feed.Forget(from)
		done := serve(s, t.Context(), from, v, a)
		if run <= 5 {
			time.Sleep(time.Duration(rng.Int64N(int64(2 * time.Second))))
			if rng.IntN(2) == 0 {
				v.r.CloseWithError(io.ErrUnexpectedEOF)
			} else {
				a.r.CloseWithError(io.ErrUnexpectedEOF)
			}
		}
		err := <-done
		<-v.done
		<-a.done
		if run > 5 && err != nil {
			t.Fatal(err)
		}
		gotV, gotA := v.bytes(), a.bytes()
		if err != nil { // the hub has less than the encoder was given
			keepV, keepA := rng.Int64N(int64(len(gotV)/6)+1), rng.Int64N(int64(len(gotA)/pcmBytes)+1)
			gotV, gotA = gotV[:keepV*6], gotA[:keepA*pcmBytes]
		}
		video, audio = append(video, gotV...), append(audio, gotA...)
		if err == nil {
			break
		}
		time.Sleep(time.Duration(rng.Int64N(int64(200 * time.Millisecond))))
	}
	<-emitted
	got := marks(t, video)
	if int64(len(got)) != s.n {
		t.Fatalf("%d frames of %d", len(got), s.n)
	}
	for i := 1; i < len(got); i++ {
		if got[i] < got[i-1] {
			t.Fatalf("frame %d shows %d after %d", i, got[i], got[i-1])
		}
	}
	sound(t, audio, 0, 0)
	if n := int64(len(audio) / pcmBytes); n != s.at {
		t.Fatalf("%d samples of %d", n, s.at)
	}
}
