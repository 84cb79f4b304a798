package card

import "fmt"

// Picture is a view of one I420 frame, planes without padding.
type Picture struct {
	Width, Height int // even
	Y, U, V       []byte
}

// NewPicture makes a view of pix, which must hold Width*Height*3/2 bytes.
func NewPicture(width, height int, pix []byte) (Picture, error) {
	n := width * height
	if width <= 0 || height <= 0 || width%2 != 0 || height%2 != 0 || len(pix) != n*3/2 {
		return Picture{}, fmt.Errorf("%d bytes are no %dx%d I420 picture", len(pix), width, height)
	}
	return Picture{width, height, pix[:n], pix[n : n+n/4], pix[n+n/4:]}, nil
}

// All is the whole picture.
func (p Picture) All() Rect { return Rect{0, 0, p.Width, p.Height} }

// fill paints r, which must have even coordinates.
func (p Picture) fill(r Rect, c YUV) {
	r = r.within(p.All())
	fillPlane(p.Y, p.Width, r, clip(c.Y))
	half := Rect{r.X0 / 2, r.Y0 / 2, r.X1 / 2, r.Y1 / 2}
	fillPlane(p.U, p.Width/2, half, clip(c.U))
	fillPlane(p.V, p.Width/2, half, clip(c.V))
}

func fillPlane(plane []byte, stride int, r Rect, v byte) {
	for y := r.Y0; y < r.Y1; y++ {
		row := plane[y*stride+r.X0 : y*stride+r.X1]
		for i := range row {
			row[i] = v
		}
	}
}

// mean is the average colour of r, clipped to the picture.
func (p Picture) mean(r Rect) YUV {
	r = r.within(p.All())
	half := Rect{r.X0 / 2, r.Y0 / 2, (r.X1 + 1) / 2, (r.Y1 + 1) / 2}
	return YUV{
		meanPlane(p.Y, p.Width, r),
		meanPlane(p.U, p.Width/2, half),
		meanPlane(p.V, p.Width/2, half),
	}
}

// luma is the average brightness of r, clipped to the picture.
func (p Picture) luma(r Rect) float64 { return meanPlane(p.Y, p.Width, r.within(p.All())) }

func meanPlane(plane []byte, stride int, r Rect) float64 {
	sum, n := 0, 0
	for y := r.Y0; y < r.Y1; y++ {
		for _, v := range plane[y*stride+r.X0 : y*stride+r.X1] {
			sum += int(v)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return float64(sum) / float64(n)
}

func (r Rect) within(b Rect) Rect {
	r = Rect{max(r.X0, b.X0), max(r.Y0, b.Y0), min(r.X1, b.X1), min(r.Y1, b.Y1)}
	if r.X1 <= r.X0 || r.Y1 <= r.Y0 {
		return Rect{}
	}
	return r
}
