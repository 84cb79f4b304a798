package programme

// Consumer takes what the programme emits. All calls come from the programme's one goroutine, in order and without
// holes, and must never block.
type Consumer interface {
	// VideoFrame is slot n's picture; Retain it to keep it. repeat says that it is the picture of slot n−1 again.
	VideoFrame(n int64, f *Frame, repeat bool)
	// AudioBlock is interleaved stereo from sample at on, 20 ms at most; copy it to keep it.
	AudioBlock(at int64, pcm []int16)
	// End tells the totals; nothing comes after it.
	End(frames, samples int64)
}

// Point is a place on the timeline, in frames and in samples.
type Point struct{ Frame, Sample int64 }
