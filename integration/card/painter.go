package card

import "fmt"

// FPS is the frame rate of cards.
const FPS = 30

// FlashFrames is how long the patch stays white: 100 ms.
const FlashFrames = 3

var (
	white = RGB{255, 255, 255}
	black = RGB{0, 0, 0}
	dark  = RGB{32, 32, 32}
)

// Painter draws the frames of one participant's card, in order or not.
type Painter struct {
	Matrix Matrix

	id, phase int
	pic       Picture
	pix       []byte
}

// NewPainter makes a painter for participant id whose patch flashes at every
// frame n with n mod FPS = phase. Width and height are in pixels and even.
func NewPainter(id, phase, width, height int, m Matrix) (*Painter, error) {
	pix := make([]byte, width*height*3/2)
	pic, err := NewPicture(width, height, pix)
	if err != nil {
		return nil, fmt.Errorf("paint card: %w", err)
	}
	p := &Painter{Matrix: m, id: id, phase: phase % FPS, pic: pic, pix: pix}
	pic.fill(pic.All(), Identity(id).YUV(m))
	for i, c := range Bars {
		pic.fill(barsRegion.cell(i, len(Bars), 0, 1).on(pic.All()).even(), c.YUV(m))
	}
	return p, nil
}

// PhaseOf spreads the flashes of n participants over the second: the frame
// within the second at which participant id flashes.
func PhaseOf(id, n int) int {
	if n <= 0 {
		return 0
	}
	return id % n * FPS / n
}

// Frame draws frame n and returns it as I420; the next call overwrites it.
func (p *Painter) Frame(n int) []byte {
	all := p.pic.All()
	bits := encode(p.id, n)
	for i := range counterColumns * counterRows {
		c := black
		if bits>>uint(counterColumns*counterRows-1-i)&1 == 1 {
			c = white
		}
		g := counterRegion.cell(i%counterColumns, counterColumns, i/counterColumns, counterRows)
		p.pic.fill(g.on(all).even(), c.YUV(p.Matrix))
	}
	patch := dark
	if (n%FPS-p.phase+FPS)%FPS < FlashFrames {
		patch = white
	}
	p.pic.fill(patchRegion.on(all).even(), patch.YUV(p.Matrix))

	p.pic.fill(laneRegion.on(all).even(), black.YUV(p.Matrix))
	width := laneRegion.U1 - laneRegion.U0
	block := laneRegion
	block.U0 += width * (1 - laneBlock) * float64(n%laneSteps) / (laneSteps - 1)
	block.U1 = block.U0 + width*laneBlock
	p.pic.fill(block.on(all).even(), white.YUV(p.Matrix))
	return p.pix
}
