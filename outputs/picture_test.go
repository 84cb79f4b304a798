package outputs

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// limited709 is a colour as the programme has it.
func limited709(c color.RGBA) (y, cb, cr byte) {
	r, g, b := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
	luma := 0.2126*r + 0.7152*g + 0.0722*b
	return byte(math.Round(16 + 219*luma)), byte(math.Round(128 + 224*(b-luma)/1.8556)), byte(math.Round(128 + 224*(r-luma)/1.5748))
}

var bars = []color.RGBA{
	{255, 255, 255, 255}, {255, 255, 0, 255}, {0, 255, 255, 255}, {0, 255, 0, 255},
	{255, 0, 255, 255}, {255, 0, 0, 255}, {0, 0, 255, 255}, {0, 0, 0, 255}, {128, 128, 128, 255}, {200, 100, 50, 255},
}

// barFrame is a picture of upright bars.
func barFrame(f programme.Format) []byte {
	pix := make([]byte, f.FrameBytes())
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	for y := range f.Height {
		for x := range f.Width {
			c := bars[x*len(bars)/f.Width]
			luma, cb, cr := limited709(c)
			pix[y*f.Width+x] = luma
			at := f.Width*f.Height + y/2*cw + x/2
			pix[at], pix[at+cw*ch] = cb, cr
		}
	}
	return pix
}

func near(a, b uint32) bool { return math.Abs(float64(a>>8)-float64(b>>8)) <= 4 }

// TestDevelop: the colours of the JPEG are those that were meant, at every size,
// and what the picture does not fill is black.
func TestDevelop(t *testing.T) {
	f := programme.Format{Width: 960, Height: 540, FPS: 30, Video: true}
	for _, c := range []struct{ w, h int }{{960, 540}, {480, 270}, {1280, 720}, {600, 540}, {960, 300}, {7, 5}} {
		var out bytes.Buffer
		if err := newDarkroom(f, c.w, c.h).develop(&out, barFrame(f)); err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(&out)
		if err != nil || got.Bounds() != image.Rect(0, 0, c.w, c.h) {
			t.Fatalf("%v, %v", got.Bounds(), err)
		}
		place := contain(f.Width, f.Height, got.Bounds())
		if !place.In(got.Bounds()) || place.Dx() != c.w && place.Dy() != c.h {
			t.Errorf("%v inside %v", place, got.Bounds())
		}
		if c.w < 100 {
			continue
		}
		for n, bar := range bars {
			at := image.Pt(place.Min.X+(2*n+1)*place.Dx()/(2*len(bars)), place.Min.Y+place.Dy()/2)
			r, g, b, _ := got.At(at.X, at.Y).RGBA()
			wr, wg, wb, _ := bar.RGBA()
			if !near(r, wr) || !near(g, wg) || !near(b, wb) {
				t.Errorf("%dx%d: bar %d is %d %d %d, want %v", c.w, c.h, n, r>>8, g>>8, b>>8, bar)
			}
		}
		if corner := got.Bounds().Min; !corner.In(place) {
			if r, g, b, _ := got.At(corner.X, corner.Y).RGBA(); r>>8 > 4 || g>>8 > 4 || b>>8 > 4 {
				t.Errorf("%dx%d: the bar beside the picture is %d %d %d", c.w, c.h, r>>8, g>>8, b>>8)
			}
		}
	}
}

func BenchmarkDevelop(b *testing.B) {
	f := programme.Format{Width: 1280, Height: 720, FPS: 30, Video: true}
	pix, room := barFrame(f), newDarkroom(f, f.Width, f.Height)
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := room.develop(&out, pix); err != nil {
			b.Fatal(err)
		}
	}
}
