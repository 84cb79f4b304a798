package screen

import (
	"math"
	"math/rand/v2"
	"testing"
)

const (
	kR, kB = 0.2126, 0.0722
	kG     = 1 - kR - kB
)

// defined is the arithmetic definition, rounded to the nearest.
func defined(r, g, b float64) (y, u, v float64) {
	l := kR*r + kG*g + kB*b
	return 16 + 219*l/255, 128 + 224*(b-l)/(2*(1-kB))/255, 128 + 224*(r-l)/(2*(1-kR))/255
}

// checkPicture holds an I420 picture against the definition and gives the
// largest distance.
func checkPicture(t *testing.T, pix, i420 []byte, w, h, stride int) float64 {
	t.Helper()
	worst := 0.0
	off := func(got byte, want float64) {
		worst = max(worst, math.Abs(float64(got)-want))
	}
	at := func(x, y int) (r, g, b float64) {
		p := pix[y*stride+4*x:]
		return float64(p[2]), float64(p[1]), float64(p[0])
	}
	luma, u, v := i420[:w*h], i420[w*h:w*h*5/4], i420[w*h*5/4:]
	for y := range h {
		for x := range w {
			want, _, _ := defined(at(x, y))
			off(luma[y*w+x], want)
		}
	}
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			var sr, sg, sb float64
			for _, d := range [4][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
				r, g, b := at(x+d[0], y+d[1])
				sr, sg, sb = sr+r/4, sg+g/4, sb+b/4
			}
			_, wu, wv := defined(sr, sg, sb)
			off(u[y/2*(w/2)+x/2], wu)
			off(v[y/2*(w/2)+x/2], wv)
		}
	}
	return worst
}

func TestConvert(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ w, h, stride int }{
		{2, 2, 8}, {4, 2, 16}, {6, 4, 24}, {6, 4, 25}, {10, 6, 47}, {64, 36, 256}, {642, 16, 2571},
	} {
		for _, fill := range []func() byte{
			func() byte { return byte(random.Uint32()) },
			func() byte { return byte(random.Uint32()%2) * 255 },
			func() byte { return 255 },
			func() byte { return 0 },
		} {
			pix := make([]byte, c.stride*c.h)
			for i := range pix {
				pix[i] = fill()
			}
			i420 := make([]byte, c.w*c.h*3/2)
			picture{i420, c.w, c.h}.update(nil, pix, c.stride, &layout{}, rows{0, c.h})
			if worst := checkPicture(t, pix, i420, c.w, c.h, c.stride); worst > 0.53 {
				t.Errorf("%dx%d, stride %d: off by %.3f", c.w, c.h, c.stride, worst)
			}
		}
	}
}

// TestGreyIsGrey expects chroma of exactly 128 and the ends of the range.
func TestGreyIsGrey(t *testing.T) {
	for level := range 256 {
		pix := make([]byte, 4*4)
		for i := range pix {
			pix[i] = byte(level)
		}
		var out [6]byte
		picture{out[:], 2, 2}.update(nil, pix, 8, &layout{}, rows{0, 2})
		want := byte(math.Round(16 + 219*float64(level)/255))
		if out[0] != want || out[4] != 128 || out[5] != 128 {
			t.Errorf("%d gives %v, want luma %d", level, out, want)
		}
	}
}

func FuzzConvertRows(f *testing.F) {
	f.Add(make([]byte, 32), uint8(3))
	f.Fuzz(func(t *testing.T, pix []byte, cut uint8) {
		w := len(pix) / 16 * 2
		i420 := make([]byte, w*3)
		// Rows of any, also unequal, lengths must not be overrun.
		half := len(pix) / 2
		convertRows(i420[:w], i420[w:2*w], i420[2*w:2*w+w/2], i420[2*w+w/2:], pix[:half], pix[half:max(half, len(pix)-int(cut))])
	})
}

func BenchmarkConvert(b *testing.B) {
	const w, h = 1280, 720
	pix, i420 := make([]byte, w*h*4), make([]byte, w*h*3/2)
	for i := range pix {
		pix[i] = byte(rand.Uint32())
	}
	b.ReportAllocs()
	for b.Loop() {
		picture{i420, w, h}.update(nil, pix, w*4, &layout{}, rows{0, h})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/w/h, "ns/pixel")
}
