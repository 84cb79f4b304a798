package card

import "math"

// RGB is an 8-bit full-range colour.
type RGB struct{ R, G, B uint8 }

// YUV is an 8-bit limited-range colour.
type YUV struct{ Y, U, V float64 }

// Matrix names the coefficients between RGB and YUV.
type Matrix int

// The two matrices that video knows.
const (
	BT709 Matrix = iota
	BT601
)

// String gives the name that ffmpeg uses.
func (m Matrix) String() string {
	if m == BT601 {
		return "smpte170m"
	}
	return "bt709"
}

// MatrixFor is what browsers assume for untagged video of this height in
// pixels: BT.601 below 720 lines.
func MatrixFor(height int) Matrix {
	if height < 720 {
		return BT601
	}
	return BT709
}

// YUV converts a colour to limited-range YUV.
func (c RGB) YUV(m Matrix) YUV {
	kr, kb := 0.2126, 0.0722
	if m == BT601 {
		kr, kb = 0.299, 0.114
	}
	r, g, b := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
	y := kr*r + (1-kr-kb)*g + kb*b
	return YUV{
		Y: 16 + 219*y,
		U: 128 + 224*(b-y)/(2*(1-kb)),
		V: 128 + 224*(r-y)/(2*(1-kr)),
	}
}

// Bars are the colours of the bar strip from left to right, at 75 %.
var Bars = [8]RGB{
	{191, 191, 191}, {191, 191, 0}, {0, 191, 191}, {0, 191, 0},
	{191, 0, 191}, {191, 0, 0}, {0, 0, 191}, {64, 64, 64},
}

// Identities is how many distinct identity colours there are; participant i
// shows colour i modulo Identities.
const Identities = 8

// identityChroma is the distance of identity colours from grey; bars stand at
// 80 and more, so the two are never confused.
const identityChroma = 42.0

// Identity is the colour of participant id.
func Identity(id int) RGB {
	// Neighbours in number are far apart in hue.
	angle := (float64(id*3%Identities) + 0.5) * 2 * math.Pi / Identities
	u, v := identityChroma*math.Cos(angle), identityChroma*math.Sin(angle)
	y := (120.0 - 16) / 219
	b := y + u*2*(1-0.0722)/224
	r := y + v*2*(1-0.2126)/224
	g := (y - 0.2126*r - 0.0722*b) / (1 - 0.2126 - 0.0722)
	return RGB{clip(r * 255), clip(g * 255), clip(b * 255)}
}

func clip(v float64) uint8 { return uint8(math.Round(math.Max(0, math.Min(255, v)))) }
