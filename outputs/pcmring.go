package outputs

// pcmRing holds the sound that is about to be sent: interleaved stereo at 48 kHz, by its position. What was never
// written is silence.
type pcmRing struct {
	pcm  []int16
	next int64 // the position, in samples, that is read next
}

func newPCMRing(samples int) *pcmRing { return &pcmRing{pcm: make([]int16, 2*samples)} }

func (r *pcmRing) size() int64 { return int64(len(r.pcm) / 2) }

// write puts sound at a position. What is before the next position to be read, or too far ahead, is left out.
func (r *pcmRing) write(at int64, pcm []int16) {
	for i := 0; i+1 < len(pcm); i += 2 {
		if pos := at + int64(i/2); pos >= r.next && pos < r.next+r.size() {
			slot := 2 * (pos % r.size())
			r.pcm[slot], r.pcm[slot+1] = pcm[i], pcm[i+1]
		}
	}
}

// read appends samples as s16le and makes room behind them.
func (r *pcmRing) read(b []byte, samples int) []byte {
	for range samples {
		slot := 2 * (r.next % r.size())
		for _, v := range r.pcm[slot : slot+2] {
			b = append(b, byte(v), byte(v>>8))
		}
		r.pcm[slot], r.pcm[slot+1] = 0, 0
		r.next++
	}
	return b
}

// skip leaves out what should have been read up to a position.
func (r *pcmRing) skip(to int64) {
	if to-r.next >= r.size() {
		clear(r.pcm)
		r.next = to
	}
	for r.next < to {
		slot := 2 * (r.next % r.size())
		r.pcm[slot], r.pcm[slot+1] = 0, 0
		r.next++
	}
}
