package screen

// picture is an I420 picture of even size.
type picture struct {
	pix           []byte
	width, height int
}

// update makes some rows, an even range, anew from the screen's and takes the
// others from the picture before.
func (p picture) update(previous, pix []byte, stride int, l *layout, anew rows) {
	w, h := p.width, p.height
	u, v := p.pix[w*h:w*h*5/4], p.pix[w*h*5/4:w*h*3/2]
	if previous != nil {
		copyOthers(p.pix[:w*h], previous, w*anew.from, w*anew.to)
		copyOthers(u, previous[w*h:], w/2*(anew.from/2), w/2*(anew.to/2))
		copyOthers(v, previous[w*h*5/4:], w/2*(anew.from/2), w/2*(anew.to/2))
	}
	for y := anew.from; y+1 < anew.to; y += 2 {
		top, bottom := l.pair(pix[y*stride:], pix[(y+1)*stride:], w)
		convertRows(p.pix[y*w:(y+1)*w], p.pix[(y+1)*w:(y+2)*w],
			u[y/2*(w/2):][:w/2], v[y/2*(w/2):][:w/2], top, bottom)
	}
}

// copyOthers copies what is not between from and to.
func copyOthers(dst, src []byte, from, to int) {
	copy(dst[:from], src)
	copy(dst[to:], src[to:])
}
