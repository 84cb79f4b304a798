package compose

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/integration/card"
)

// screen looks at what the programme emits.
type screen struct {
	format programme.Format
	full   card.Rect // where the card stands
	other  card.Rect // and where else it is looked for

	mu     sync.Mutex
	frames []look
	left   []int16
	right  []int16
	blocks []time.Time // when each block of sound came
	total  programme.Point
}

// look is what one slot shows.
type look struct {
	card.Reading
	read    bool
	atOther bool // at the other place
	black   bool
	bars    float64 // error of the colour bars, steps of 255
}

func (s *screen) VideoFrame(n int64, f *programme.Frame, _ bool) {
	p, err := card.NewPicture(s.format.Width, s.format.Height, f.Pix)
	if err != nil {
		panic(err)
	}
	var l look
	l.Reading, l.read = card.Read(p, s.full)
	l.read = l.read && l.ID == cardID // the check sum is short
	if !l.read && s.other.X1 > 0 {
		l.Reading, l.read = card.Read(p, s.other)
		l.read = l.read && l.ID == cardID
		l.atOther = l.read
	}
	if l.read && !l.atOther && n%10 == 0 {
		for i, c := range card.ReadBars(p, s.full) {
			w := card.Bars[i].YUV(card.BT709)
			l.bars = max(l.bars, math.Abs(c.Y-w.Y), math.Abs(c.U-w.U), math.Abs(c.V-w.V))
		}
	}
	l.black = true
	for i, y := range p.Y {
		if y != 16 || p.U[i/4] != 128 {
			l.black = false
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for int64(len(s.frames)) < n {
		s.frames = append(s.frames, look{})
	}
	s.frames = append(s.frames, l)
}

func (s *screen) AudioBlock(at int64, pcm []int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int64(len(s.left)) != at {
		panic("a hole in the sound")
	}
	s.blocks = append(s.blocks, time.Now())
	for i := 0; i < len(pcm); i += 2 {
		s.left, s.right = append(s.left, pcm[i]), append(s.right, pcm[i+1])
	}
}

func (s *screen) End(frames, samples int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total = programme.Point{Frame: frames, Sample: samples}
}

// flashes are the moments at which the patch turns white.
func (s *screen) flashes() (at []time.Duration) {
	white := true
	for n, l := range s.frames {
		if l.read && l.White() && !white {
			at = append(at, time.Duration(n)*time.Second/time.Duration(s.format.FPS))
		}
		if l.read {
			white = l.White()
		}
	}
	return at
}

// beeps are the moments at which a beep begins in one channel, to about a millisecond.
func beeps(pcm []int16) (at []time.Duration) {
	quiet := 1 << 20
	for m, v := range pcm {
		if v > 1200 || v < -1200 {
			if quiet > programme.SampleRate/4 {
				at = append(at, time.Duration(m)*time.Second/programme.SampleRate)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return at
}

// want compares moments with one a second from the first expected on, count of them.
func want(t *testing.T, what string, got []time.Duration, first time.Duration, count int, tolerance time.Duration) {
	t.Helper()
	if len(got) < count {
		t.Errorf("%s: %d, want %d: %v", what, len(got), count, got)
		return
	}
	for i, at := range got[:count] {
		if off := at - first - time.Duration(i)*time.Second; off.Abs() > tolerance {
			t.Errorf("%s %d is at %v, %v off", what, i, at, off)
		}
	}
}

func (s *screen) String() string {
	text := ""
	for n, l := range s.frames {
		switch {
		case l.read:
			text += fmt.Sprintf(" %d:%d", n, l.Frame)
		case l.black:
			text += fmt.Sprintf(" %d:black", n)
		default:
			text += fmt.Sprintf(" %d:?", n)
		}
	}
	return text
}
