package card

// Region is a part of a card in fractions of its width and height.
type Region struct{ U0, V0, U1, V1 float64 }

// Rect is a rectangle in whole luma pixels; X1 and Y1 are exclusive.
type Rect struct{ X0, Y0, X1, Y1 int }

// Dx is the width in pixels.
func (r Rect) Dx() int { return r.X1 - r.X0 }

// Dy is the height in pixels.
func (r Rect) Dy() int { return r.Y1 - r.Y0 }

// Where things stand on a card. Outside these regions a card shows its
// participant's identity colour.
var (
	counterRegion = Region{0.06, 0.08, 0.94, 0.30}
	patchRegion   = Region{0.06, 0.34, 0.94, 0.68}
	laneRegion    = Region{0.06, 0.71, 0.94, 0.77}
	barsRegion    = Region{0.06, 0.80, 0.94, 0.92}
)

const (
	counterColumns = 10
	counterRows    = 2
	laneSteps      = 60
	laneBlock      = 0.08
)

// cell gives column c of cols and row r of rows of the region.
func (g Region) cell(c, cols, r, rows int) Region {
	du, dv := (g.U1-g.U0)/float64(cols), (g.V1-g.V0)/float64(rows)
	return Region{
		g.U0 + du*float64(c), g.V0 + dv*float64(r),
		g.U0 + du*float64(c+1), g.V0 + dv*float64(r+1),
	}
}

// middle gives the central part of the region, fu of its width and fv of its
// height.
func (g Region) middle(fu, fv float64) Region {
	cu, cv := (g.U0+g.U1)/2, (g.V0+g.V1)/2
	du, dv := (g.U1-g.U0)/2*fu, (g.V1-g.V0)/2*fv
	return Region{cu - du, cv - dv, cu + du, cv + dv}
}

// on places the region on a card that stands at r.
func (g Region) on(r Rect) Rect {
	w, h := float64(r.Dx()), float64(r.Dy())
	return Rect{
		r.X0 + int(g.U0*w+0.5), r.Y0 + int(g.V0*h+0.5),
		r.X0 + int(g.U1*w+0.5), r.Y0 + int(g.V1*h+0.5),
	}
}

// even widens r to even coordinates, so that no chroma sample is shared.
func (r Rect) even() Rect {
	return Rect{r.X0 &^ 1, r.Y0 &^ 1, (r.X1 + 1) &^ 1, (r.Y1 + 1) &^ 1}
}
