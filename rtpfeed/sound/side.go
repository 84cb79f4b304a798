package sound

// Side is where a track is heard.
type Side int

const (
	Both Side = iota
	Left
	Right
)

// String is the side's name.
func (s Side) String() string { return [...]string{"both", "left", "right"}[s] }

// Place puts interleaved stereo on its side, in place: on one side both channels of it are heard at half, and the other
// is silent.
func (s Side) Place(pcm []int16) {
	if s == Both {
		return
	}
	to, off := 0, 1
	if s == Right {
		to, off = 1, 0
	}
	for i := 0; i+1 < len(pcm); i += Channels {
		v := int16((int32(pcm[i]) + int32(pcm[i+1])) / 2)
		pcm[i+to], pcm[i+off] = v, 0
	}
}
