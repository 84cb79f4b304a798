package programme

const (
	slateLuma = 34 // dark grey, limited range
	markLuma  = 160
)

// Slate paints pix, one picture of this format, as what is shown in a pause: dark, with two bars in the middle.
func (f Format) Slate(pix []byte) {
	f.Black(pix)
	luma := pix[:min(f.Width*f.Height, len(pix))]
	fill(luma, slateLuma)
	unit := max(min(f.Width, f.Height)/24, 1)
	top, bottom := f.Height/2-2*unit, f.Height/2+2*unit
	for _, left := range []int{f.Width/2 - 3*unit/2, f.Width/2 + unit/2} {
		for y := max(top, 0); y < min(bottom, f.Height); y++ {
			from, to := max(left, 0), min(left+unit, f.Width)
			if y*f.Width+to <= len(luma) && from < to {
				fill(luma[y*f.Width+from:y*f.Width+to], markLuma)
			}
		}
	}
}
