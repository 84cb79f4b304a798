package programme

// The programme's sound is always 48 kHz, two channels, signed 16 bit, interleaved.
const (
	SampleRate = 48000
	Channels   = 2
)

// Format says what a programme carries.
type Format struct {
	Width, Height int // pixels of the I420 picture
	FPS           int // whole frames per second
	Video, Audio  bool
}

// FrameBytes is the size of one I420 picture: luma, then two chroma planes of half the size rounded up, as FFmpeg's
// rawvideo has them.
func (f Format) FrameBytes() int {
	return f.Width*f.Height + 2*((f.Width+1)/2)*((f.Height+1)/2)
}

// Timeline is the format's time arithmetic.
func (f Format) Timeline() Timeline { return Timeline{FPS: f.FPS} }

// Black paints pix, one picture of this format, in limited-range black.
func (f Format) Black(pix []byte) {
	luma := min(f.Width*f.Height, len(pix))
	fill(pix[:luma], 16)
	fill(pix[luma:], 128)
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
