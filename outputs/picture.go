package outputs

import (
	"image"
	"image/jpeg"
	"io"
	"math"

	"golang.org/x/image/draw"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// jpegQuality is what LiveKit Egress' pictures have.
const jpegQuality = 85

// Luma weights of red and blue. ITU-R BT.709 and BT.601.
const (
	red709, blue709 = 0.2126, 0.0722
	red601, blue601 = 0.299, 0.114
)

// fixed are the weights that turn the programme's colours (BT.709, limited range)
// into a JPEG's (BT.601, full range), as fractions of 1<<16. The two matrices are
// one: neither picture ever is RGB.
var fixed = func() (w struct{ yy, yb, yr, bb, br, rb, rr int32 }) {
	round := func(v float64) int32 { return int32(math.Round(v * (1 << 16))) }
	const luma, chroma = 255.0 / 219, 255.0 / 224
	const green709, green601 = 1 - red709 - blue709, 1 - red601 - blue601
	// Red, green and blue of the 709 differences.
	const redR, blueB = 2 * (1 - red709), 2 * (1 - blue709)
	const greenB, greenR = -blueB * blue709 / green709, -redR * red709 / green709
	// What they are to luma of 601, and that to its differences.
	const yb, yr = green601*greenB + blue601*blueB, red601*redR + green601*greenR
	w.yy = round(luma)
	w.yb, w.yr = round(yb*chroma), round(yr*chroma)
	w.bb, w.br = round((blueB-yb)/(2*(1-blue601))*chroma), round(-yr/(2*(1-blue601))*chroma)
	w.rb, w.rr = round(-yb/(2*(1-red601))*chroma), round((redR-yr)/(2*(1-red601))*chroma)
	return w
}()

// jpegPicture converts a frame of the programme into dst, which has its size.
func jpegPicture(dst *image.YCbCr, f programme.Format, pix []byte) {
	w, h := f.Width, f.Height
	cw, ch := (w+1)/2, (h+1)/2
	luma, blue, red := pix[:w*h], pix[w*h:w*h+cw*ch], pix[w*h+cw*ch:]
	for cy := range ch {
		for cx := range cw {
			b, r := int32(blue[cy*cw+cx])-128, int32(red[cy*cw+cx])-128
			dst.Cb[cy*dst.CStride+cx] = clamp(128<<16 + fixed.bb*b + fixed.br*r)
			dst.Cr[cy*dst.CStride+cx] = clamp(128<<16 + fixed.rb*b + fixed.rr*r)
			add := fixed.yb*b + fixed.yr*r - 16*fixed.yy
			for y := 2 * cy; y < min(2*cy+2, h); y++ {
				for x := 2 * cx; x < min(2*cx+2, w); x++ {
					dst.Y[y*dst.YStride+x] = clamp(fixed.yy*int32(luma[y*w+x]) + add)
				}
			}
		}
	}
}

// clamp rounds a fixed-point value to a byte.
func clamp(v int32) byte { return byte(min(max((v+1<<15)>>16, 0), 255)) }

// contain is the largest rectangle of the shape w×h inside a picture, in its
// middle.
func contain(w, h int, inside image.Rectangle) image.Rectangle {
	iw, ih := inside.Dx(), inside.Dy()
	fw, fh := iw, max(1, (h*iw+w/2)/w)
	if fh > ih {
		fw, fh = max(1, (w*ih+h/2)/h), ih
	}
	at := inside.Min.Add(image.Pt((iw-fw)/2, (ih-fh)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(fw, fh))}
}

// darkroom makes JPEG files of frames. It keeps its buffers: one picture at a
// time.
type darkroom struct {
	format        programme.Format
	width, height int // of the pictures; the rest is black
	full          *image.YCbCr
	scaled        *image.RGBA
}

func newDarkroom(f programme.Format, width, height int) *darkroom {
	d := &darkroom{format: f, width: width, height: height}
	d.full = image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio420)
	if width != f.Width || height != f.Height {
		d.scaled = image.NewRGBA(image.Rect(0, 0, width, height))
	}
	return d
}

// develop writes the JPEG of a frame.
func (d *darkroom) develop(w io.Writer, pix []byte) error {
	jpegPicture(d.full, d.format, pix)
	if d.scaled == nil {
		return jpeg.Encode(w, d.full, &jpeg.Options{Quality: jpegQuality})
	}
	draw.Draw(d.scaled, d.scaled.Bounds(), image.Black, image.Point{}, draw.Src)
	place := contain(d.format.Width, d.format.Height, d.scaled.Bounds())
	draw.BiLinear.Scale(d.scaled, place, d.full, d.full.Bounds(), draw.Src, nil)
	return jpeg.Encode(w, d.scaled, &jpeg.Options{Quality: jpegQuality})
}
