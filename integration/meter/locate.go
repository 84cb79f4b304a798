package meter

import (
	"math"

	"github.com/ffegress/ffegress/integration/card"
)

// A card is looked for on a grid of blocks of 4x4 luma pixels.
const (
	blockPixels   = 4
	minCardWidth  = 100
	minCardHeight = 56
	chromaNear    = 13 // identity colours are 32 apart
)

// locator finds cards by their identity colours.
type locator struct {
	near   [1 << 16]uint8 // (U,V) → identity colour + 1
	blocks []uint8
	stack  []int
}

func newLocator(m card.Matrix) *locator {
	l := &locator{}
	for i := range card.Identities {
		c := card.Identity(i).YUV(m)
		for u := range 256 {
			for v := range 256 {
				if math.Hypot(float64(u)-c.U, float64(v)-c.V) <= chromaNear {
					l.near[u<<8|v] = uint8(i + 1)
				}
			}
		}
	}
	return l
}

// find gives the rectangles of identity-coloured areas large enough to be
// cards, exact to about 2 pixels.
func (l *locator) find(p card.Picture) []card.Rect {
	w, h := p.Width/blockPixels, p.Height/blockPixels
	stride := p.Width / 2
	if len(l.blocks) != w*h {
		l.blocks = make([]uint8, w*h)
	}
	for y := range h {
		for x := range w {
			at := 2*y*stride + 2*x
			c := l.colour(p, at)
			if c != l.colour(p, at+1) || c != l.colour(p, at+stride) || c != l.colour(p, at+stride+1) {
				c = 0
			}
			l.blocks[y*w+x] = c
		}
	}
	var out []card.Rect
	for at := range l.blocks {
		if l.blocks[at] == 0 {
			continue
		}
		colour := l.blocks[at]
		r := l.flood(at, w, h)
		if r.Dx()*blockPixels >= minCardWidth && r.Dy()*blockPixels >= minCardHeight {
			out = append(out, l.refine(p, r, colour))
		}
	}
	return out
}

func (l *locator) colour(p card.Picture, at int) uint8 {
	return l.near[int(p.U[at])<<8|int(p.V[at])]
}

// flood erases the area of one colour around a block and gives its bounds in
// blocks.
func (l *locator) flood(at, w, h int) card.Rect {
	colour := l.blocks[at]
	r := card.Rect{X0: w, Y0: h}
	l.stack = append(l.stack[:0], at)
	l.blocks[at] = 0
	visit := func(at int) {
		if l.blocks[at] == colour {
			l.blocks[at] = 0
			l.stack = append(l.stack, at)
		}
	}
	for len(l.stack) > 0 {
		at := l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		x, y := at%w, at/w
		r = card.Rect{X0: min(r.X0, x), Y0: min(r.Y0, y), X1: max(r.X1, x+1), Y1: max(r.Y1, y+1)}
		if x > 0 {
			visit(at - 1)
		}
		if x < w-1 {
			visit(at + 1)
		}
		if y > 0 {
			visit(at - w)
		}
		if y < h-1 {
			visit(at + w)
		}
	}
	return r
}

// refine moves each side outward by up to a block while chroma there, on a
// line through the card's middle, still has its colour.
func (l *locator) refine(p card.Picture, b card.Rect, colour uint8) card.Rect {
	stride := p.Width / 2
	r := card.Rect{X0: b.X0 * 2, Y0: b.Y0 * 2, X1: b.X1 * 2, Y1: b.Y1 * 2} // chroma samples
	midX, midY := (r.X0+r.X1)/2, (r.Y0+r.Y1)/2
	own := func(x, y int) bool {
		return x >= 0 && y >= 0 && x < stride && y < p.Height/2 && l.colour(p, y*stride+x) == colour
	}
	for i := 0; i < 2 && own(r.X0-1, midY); i++ {
		r.X0--
	}
	for i := 0; i < 2 && own(r.X1, midY); i++ {
		r.X1++
	}
	for i := 0; i < 2 && own(midX, r.Y0-1); i++ {
		r.Y0--
	}
	for i := 0; i < 2 && own(midX, r.Y1); i++ {
		r.Y1++
	}
	return card.Rect{X0: r.X0 * 2, Y0: r.Y0 * 2, X1: r.X1 * 2, Y1: r.Y1 * 2}
}
