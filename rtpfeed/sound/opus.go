package sound

import (
	"fmt"

	"github.com/pion/opus"
)

// opusDecoder decodes Opus (RFC 6716).
type opusDecoder struct {
	decoder opus.Decoder
	pcm     []int16
}

var _ Decoder = (*opusDecoder)(nil)

// NewOpus makes a decoder of Opus packets of any mode, mono or stereo.
func NewOpus() (Decoder, error) {
	d, err := opus.NewDecoderWithOutput(SampleRate, Channels)
	if err != nil {
		return nil, fmt.Errorf("make opus decoder: %w", err)
	}
	return &opusDecoder{decoder: d, pcm: make([]int16, maxPacket*Channels)}, nil
}

func (d *opusDecoder) Delay() int { return 0 }

// Decode takes a packet of one or two bytes, which discontinuous transmission sends, as the silence that it is.
func (d *opusDecoder) Decode(payload []byte, out []int16) (pcm []int16, err error) {
	n, err := OpusSamples(payload)
	if err != nil {
		return out, err
	}
	if len(payload) <= 2 {
		return append(out, make([]int16, n*Channels)...), nil
	}
	defer func() {
		// The decoder is young, and what it is given foreign.
		if r := recover(); r != nil {
			pcm, err = out, fmt.Errorf("decode opus: %v", r)
		}
	}()
	n, err = d.decoder.DecodeToInt16(payload, d.pcm)
	if err != nil {
		return out, fmt.Errorf("decode opus: %w", err)
	}
	return append(out, d.pcm[:n*Channels]...), nil
}

// frameSamples are the lengths of frames at 48 kHz by configuration (RFC 6716 section 3.1).
func frameSamples(config byte) int {
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		return [2]int{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		return 120 << (config & 3)
	}
}

// OpusSamples is how long a packet is, in samples at 48 kHz, by its first bytes.
func OpusSamples(payload []byte) (int, error) {
	if len(payload) == 0 {
		return 0, fmt.Errorf("opus packet: empty")
	}
	frames := 1
	switch payload[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(payload) < 2 {
			return 0, fmt.Errorf("opus packet: no frame count")
		}
		frames = int(payload[1] & 0x3f)
	}
	n := frames * frameSamples(payload[0]>>3)
	if n == 0 || n > maxPacket {
		return 0, fmt.Errorf("opus packet: %d samples", n)
	}
	return n, nil
}
