package sound

// The programme's sound.
const (
	SampleRate = 48000
	Channels   = 2
)

// Decoder makes sound of the packets of one track, in order. It is for one goroutine.
type Decoder interface {
	// Decode appends the packet's sound to out, interleaved stereo at 48 kHz. On an error nothing is appended.
	Decode(payload []byte, out []int16) ([]int16, error)
	// Delay is how many samples later than the packet's timestamp says its sound comes out.
	Delay() int
}

// maxPacket is the longest packet that Opus has: 120 ms.
const maxPacket = SampleRate * 120 / 1000
