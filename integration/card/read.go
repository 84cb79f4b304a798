package card

// Reading is what one look at a card says.
type Reading struct {
	ID    int
	Frame int     // counter, 0 … Loop-1
	Flash float64 // mean luma of the patch, 16 … 235
	Bars  [8]YUV
}

// White tells whether the patch is lit.
func (r Reading) White() bool { return r.Flash > 140 }

const (
	surelyBlack = 100
	surelyWhite = 150
)

// Read reads the card that stands at r. It fails when a block of the counter
// is neither black nor white or the check sum does not fit. Bars are read by
// ReadBars, because they cost more and rarely change.
func Read(p Picture, r Rect) (Reading, bool) {
	bits := uint32(0)
	for i := range counterColumns * counterRows {
		g := counterRegion.cell(i%counterColumns, counterColumns, i/counterColumns, counterRows)
		l := p.luma(g.middle(0.4, 0.4).on(r))
		if l > surelyBlack && l < surelyWhite {
			return Reading{}, false
		}
		bits <<= 1
		if l >= surelyWhite {
			bits |= 1
		}
	}
	id, frame, ok := decode(bits)
	if !ok {
		return Reading{}, false
	}
	return Reading{ID: id, Frame: frame, Flash: p.luma(patchRegion.middle(0.8, 0.6).on(r))}, true
}

// ReadBars gives the mean colour of the middle of each bar.
func ReadBars(p Picture, r Rect) (bars [8]YUV) {
	for i := range bars {
		bars[i] = p.mean(barsRegion.cell(i, len(bars), 0, 1).middle(0.4, 0.4).on(r))
	}
	return bars
}
