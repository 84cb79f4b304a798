package meter

import (
	"math"
	"slices"

	"github.com/ffegress/ffegress/integration/card"
)

// sighting is one participant's card in one frame of the file.
type sighting struct {
	frame   int // of the file
	counter int
	white   bool
}

// seen is everything that was seen of one participant.
type seen struct {
	sightings []sighting
	rects     []card.Rect // each place it was at, in order
	since     []int       // the frame from which on it was there
	bars      [8][3][]float64
}

// tracker follows the cards through the frames of a file.
type tracker struct {
	locator *locator
	rects   []card.Rect
	frame   int
	still   int // frames that show the counters of the frame before, and any at all
	seen    map[int]*seen
}

// lookAgain is how often cards are searched for even when all can be read, in
// frames; at that rhythm the bars are read too.
const lookAgain = 15

// missFor is how long a card that vanished is searched for in each frame, so
// that its return is told exactly, in frames.
const missFor = 300

func newTracker(m card.Matrix) *tracker {
	return &tracker{locator: newLocator(m), seen: map[int]*seen{}}
}

// see reads the next frame of the file.
func (t *tracker) see(p card.Picture) error {
	regular := t.frame%lookAgain == 0
	found, all := t.read(p)
	if regular || !all || len(found) == 0 || t.misses(found) {
		t.rects = t.locator.find(p)
		found, _ = t.read(p)
	}
	moved := len(found) == 0
	for id, at := range found {
		if s := t.seen[id]; s == nil || s.sightings[len(s.sightings)-1] != (sighting{t.frame - 1, at.reading.Frame, at.reading.White()}) {
			moved = true
		}
	}
	if !moved {
		t.still++
	}
	for id, at := range found {
		s := t.seen[id]
		if s == nil {
			s = &seen{}
			t.seen[id] = s
		}
		s.sightings = append(s.sightings, sighting{t.frame, at.reading.Frame, at.reading.White()})
		if n := len(s.rects); n == 0 || !alike(s.rects[n-1], at.rect) {
			s.rects, s.since = append(s.rects, at.rect), append(s.since, t.frame)
		}
		if regular {
			for i, c := range card.ReadBars(p, at.rect) {
				s.bars[i][0] = append(s.bars[i][0], c.Y)
				s.bars[i][1] = append(s.bars[i][1], c.U)
				s.bars[i][2] = append(s.bars[i][2], c.V)
			}
		}
	}
	t.frame++
	return nil
}

// misses tells whether a card is not among those found that was seen not long ago.
func (t *tracker) misses(found map[int]placed) bool {
	for id, s := range t.seen {
		if _, ok := found[id]; !ok && s.sightings[len(s.sightings)-1].frame >= t.frame-missFor {
			return true
		}
	}
	return false
}

type placed struct {
	reading card.Reading
	rect    card.Rect
}

// read reads the cards at the known places, the larger of two with one id;
// all tells whether every place held a card.
func (t *tracker) read(p card.Picture) (found map[int]placed, all bool) {
	found, all = map[int]placed{}, true
	for _, r := range t.rects {
		reading, ok := card.Read(p, r)
		if !ok {
			all = false
			continue
		}
		if old, twice := found[reading.ID]; !twice || old.rect.Dx() < r.Dx() {
			found[reading.ID] = placed{reading, r}
		}
	}
	return found, all
}

// alike ignores the few pixels by which the search wavers.
func alike(a, b card.Rect) bool {
	near := func(x, y int) bool { return x-y < 8 && y-x < 8 }
	return near(a.X0, b.X0) && near(a.Y0, b.Y0) && near(a.X1, b.X1) && near(a.Y1, b.Y1)
}

// away are the times from the first to the last sighting at which the card was
// not there or could not be read.
func (s *seen) away(stamps []stamp) []Span {
	var out []Span
	for i := 1; i < len(s.sightings); i++ {
		if before, now := s.sightings[i-1].frame, s.sightings[i].frame; now > before+1 {
			out = append(out, Span{stamps[before+1].pts, stamps[now].pts})
		}
	}
	return out
}

// flashes are the file frames at which the patch turned white. A patch that
// is white at the first sighting, or after frames that could not be read, has
// no known onset.
func (s *seen) flashes() []int {
	var out []int
	for i := 1; i < len(s.sightings); i++ {
		now, before := s.sightings[i], s.sightings[i-1]
		if now.white && !before.white && now.frame == before.frame+1 {
			out = append(out, now.frame)
		}
	}
	return out
}

// unreadBar stands for bars that were never seen.
const unreadBar = 255

// barError compares the median of each bar with its target.
func (s *seen) barError(m card.Matrix) BarError {
	var worst BarError
	for i, c := range card.Bars {
		want := c.YUV(m)
		for channel, target := range []float64{want.Y, want.U, want.V} {
			if len(s.bars[i][channel]) == 0 {
				return BarError{Max: unreadBar}
			}
			got := median(s.bars[i][channel])
			if e := math.Abs(got - target); e > worst.Max {
				worst = BarError{Max: e, Bar: i, Channel: "YUV"[channel : channel+1], Got: got, Want: target}
			}
		}
	}
	return worst
}

// median sorts v and gives its middle, NaN when it is empty.
func median(v []float64) float64 { return percentile(v, 0.5) }

// percentile sorts v and gives the value below which the share p lies.
func percentile(v []float64, p float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return v[min(len(v)-1, max(0, int(math.Ceil(p*float64(len(v))))-1))]
}
