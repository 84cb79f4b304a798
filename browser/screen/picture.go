package screen

import "bytes"

// picture is an I420 picture of even size.
type picture struct {
	pix           []byte
	width, height int
}

// update makes some rows, an even range, anew from the screen's and takes the
// others from the picture before. It tells whether the picture is another one:
// what is drawn on need not change.
func (p picture) update(previous, pix []byte, stride int, l *layout, anew rows) (changed bool) {
	w, h := p.width, p.height
	u, v := p.pix[w*h:w*h*5/4], p.pix[w*h*5/4:w*h*3/2]
	if previous != nil {
		copyOthers(p.pix[:w*h], previous, w*anew.from, w*anew.to)
		copyOthers(u, previous[w*h:], w/2*(anew.from/2), w/2*(anew.to/2))
		copyOthers(v, previous[w*h*5/4:], w/2*(anew.from/2), w/2*(anew.to/2))
	}
	changed = previous == nil
	for y := anew.from; y+1 < anew.to; y += 2 {
		top, bottom := l.pair(pix[y*stride:], pix[(y+1)*stride:], w)
		convertRows(p.pix[y*w:(y+1)*w], p.pix[(y+1)*w:(y+2)*w],
			u[y/2*(w/2):][:w/2], v[y/2*(w/2):][:w/2], top, bottom)
		changed = changed || p.differs(previous, y)
	}
	return changed
}

// differs compares a pair of rows.
func (p picture) differs(previous []byte, y int) bool {
	w, h := p.width, p.height
	for _, part := range [][2]int{{y * w, 2 * w}, {w*h + y/2*(w/2), w / 2}, {w*h*5/4 + y/2*(w/2), w / 2}} {
		from, to := part[0], part[0]+part[1]
		if !bytes.Equal(p.pix[from:to], previous[from:to]) {
			return true
		}
	}
	return false
}

// copyOthers copies what is not between from and to.
func copyOthers(dst, src []byte, from, to int) {
	copy(dst[:from], src)
	copy(dst[to:], src[to:])
}
