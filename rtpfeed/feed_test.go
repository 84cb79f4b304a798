package rtpfeed

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

// fakeStream gives what was put into it.
type fakeStream struct {
	packets  chan []byte
	deadline chan time.Time
	mu       sync.Mutex
	until    time.Time
	plis     []time.Time
}

func newFakeStream() *fakeStream {
	return &fakeStream{packets: make(chan []byte, 1000), deadline: make(chan time.Time, 1)}
}

func (s *fakeStream) Read(b []byte) (int, error) {
	for {
		s.mu.Lock()
		wait := time.Until(s.until)
		s.mu.Unlock()
		select {
		case raw, ok := <-s.packets:
			if !ok {
				return 0, io.EOF
			}
			return copy(b, raw), nil
		case <-s.deadline:
		case <-time.After(wait):
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (s *fakeStream) SetReadDeadline(at time.Time) error {
	s.mu.Lock()
	s.until = at
	s.mu.Unlock()
	select {
	case s.deadline <- at:
	default:
	}
	return nil
}

func (s *fakeStream) RequestKeyframe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plis = append(s.plis, time.Now())
}

func (s *fakeStream) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.plis)
}

// send sends a frame of VP8 in one packet.
func (s *fakeStream) send(sequence int, key bool) {
	first := byte(0x11)
	if key {
		first = 0x10
	}
	raw, _ := (&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: uint16(sequence), Timestamp: uint32(sequence) * 3000, Marker: true},
		Payload: []byte{0x10, first, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0, 1, 2, 3},
	}).Marshal()
	s.packets <- raw
}

// diary is a sink that writes down what it is told.
type diary struct {
	mu    sync.Mutex
	lines []string
	panic bool
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) Unit(u Unit) {
	if d.panic {
		panic("boom")
	}
	d.note("%d key=%v lost=%d", u.Timestamp/3000, u.Keyframe, u.Lost)
}
func (d *diary) Report(r Report)           { d.note("report %d", r.RTP) }
func (d *diary) Muted(m bool, _ time.Time) { d.note("muted %v", m) }
func (d *diary) Replaced(t Track)          { d.note("replaced by %s", t.SID) }
func (d *diary) Close()                    { d.note("closed") }

func (d *diary) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, want) {
		t.Errorf("told %q, want %q", d.lines, want)
	}
	d.lines = nil
}

func testFeed(d *diary) *feed {
	f := newFeed()
	f.sink, f.wait, f.log = d, time.Second, slog.New(slog.DiscardHandler)
	f.failed = func(err error) { d.note("failed: %v", err) }
	return f
}

func TestFeedAsksForKeyframes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := &diary{}, newFakeStream()
		f := testFeed(d)
		f.start(attachment{1, Track{SID: "a", Codec: VP8}, s})
		s.send(1, false)
		d.expect(t) // nothing before the first keyframe
		time.Sleep(1200 * time.Millisecond)
		if n := s.asked(); n != 3 {
			t.Errorf("asked %d times in 1.2 s", n)
		}
		s.send(2, true)
		s.send(3, false)
		d.expect(t, "2 key=true lost=0", "3 key=false lost=0")
		before := s.asked()
		time.Sleep(2 * time.Second)
		if n := s.asked() - before; n != 0 {
			t.Errorf("asked %d times without a reason", n)
		}
		s.send(5, false)
		time.Sleep(999 * time.Millisecond)
		d.expect(t)
		time.Sleep(2 * time.Millisecond)
		d.expect(t, "5 key=false lost=1")
		if n := s.asked() - before; n != 1 {
			t.Errorf("asked %d times right after a loss", n)
		}
		time.Sleep(1100 * time.Millisecond)
		if n := s.asked() - before; n != 3 {
			t.Errorf("asked %d times in the second after a loss", n)
		}
		s.send(6, true)
		d.expect(t, "6 key=true lost=0")
		before = s.asked()
		f.RequestKeyframe()
		synctest.Wait()
		time.Sleep(time.Second)
		if n := s.asked() - before; n != 1 {
			t.Errorf("asked %d times for the sink", n)
		}
		f.stop()
		<-f.done
		d.expect(t, "closed")
	})
}

func TestFeedKeepsKeyframesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := &diary{}, newFakeStream()
		f := testFeed(d)
		f.every = 4 * time.Second
		f.start(attachment{1, Track{Codec: VP8}, s})
		s.send(0, true)
		synctest.Wait()
		asked := s.asked()
		for n := 1; n < 90; n++ {
			time.Sleep(time.Second / 30)
			s.send(n, false)
		}
		synctest.Wait()
		if n := s.asked() - asked; n != 0 {
			t.Errorf("asked %d times in 3 s", n)
		}
		for n := 90; n < 120; n++ {
			time.Sleep(time.Second / 30)
			s.send(n, false)
		}
		synctest.Wait()
		if n := s.asked() - asked; n != 2 {
			t.Errorf("asked %d times in the fourth second", n)
		}
		f.stop()
		<-f.done
	})
}

func TestFeedGoesOnWithAnotherStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, one, two := &diary{}, newFakeStream(), newFakeStream()
		f := testFeed(d)
		vacant := make(chan int, 4)
		f.vacant = func(id int) { vacant <- id }
		f.start(attachment{1, Track{SID: "a", Codec: VP8, Muted: true}, one})
		one.send(1, true)
		one.send(3, false)
		d.expect(t, "muted true", "1 key=true lost=0")
		close(one.packets)
		d.expect(t, "3 key=false lost=1") // nothing more will come, so nothing is waited for
		if id := <-vacant; id != 1 {
			t.Errorf("vacant: %d", id)
		}
		f.mute(false, time.Now())
		f.replace(attachment{2, Track{SID: "b", Codec: VP8}, two})
		two.send(7000, false)
		two.send(7001, true)
		d.expect(t, "muted false", "replaced by b", "7001 key=true lost=0")
		f.do(func() { f.sink.Report(Report{RTP: 5}) })
		d.expect(t, "report 5")
		three := newFakeStream()
		f.replace(attachment{3, Track{SID: "c", Codec: VP8}, three})
		synctest.Wait()
		if id := <-vacant; id != 2 {
			t.Errorf("vacant: %d", id)
		}
		d.expect(t, "replaced by c")
		f.stop()
		<-f.done
		d.expect(t, "closed")
		f.mute(true, time.Now()) // and nothing is told any more
		d.expect(t)
	})
}

func TestFeedSurvivesItsSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := &diary{panic: true}, newFakeStream()
		f := testFeed(d)
		f.start(attachment{1, Track{Codec: Opus}, s})
		s.send(1, true)
		<-f.done
		d.expect(t, "closed", "failed: internal error: boom")
	})
}

func FuzzPacket(f *testing.F) {
	plain := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: 65535, Timestamp: 1 << 31, SSRC: 7}, Payload: []byte{1, 2, 3}}
	extended := plain
	extended.Extension, extended.ExtensionProfile, extended.Marker = true, 0xbede, true
	if err := extended.SetExtension(3, []byte{4, 5}); err != nil {
		f.Fatal(err)
	}
	padded := plain
	padded.Padding, padded.PaddingSize = true, 4
	for _, p := range []rtp.Packet{plain, extended, padded} {
		raw, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, ok := parse(raw, time.Unix(1, 0))
		if !ok {
			return
		}
		if len(p.payload) > len(raw)-12 {
			t.Fatalf("a payload of %d bytes in %d", len(p.payload), len(raw))
		}
		before := string(p.payload)
		for i := range raw {
			raw[i]++ // the next packet is read into the same buffer
		}
		if string(p.payload) != before {
			t.Fatal("the payload changes with the buffer")
		}
	})
}
