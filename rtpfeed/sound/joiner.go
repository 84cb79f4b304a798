package sound

import "github.com/ffegress/ffegress/ffpipe/programme"

const (
	// What breaks off goes on as its last sample, fading out; what begins fades in. Measured: no click at 10 % loss,
	// while silence, the packet once more, or a fade of the packet itself all click.
	fadeOut = SampleRate * 25 / 10000
	fadeIn  = SampleRate * 5 / 1000
)

// Out takes sound at sample positions; programme.AudioLine is one.
type Out interface {
	Write(at int64, pcm []int16)
}

// Joiner joins the blocks of one track on a timeline. It is for one goroutine.
type Joiner struct {
	Out Out

	samples Samples
	any     bool
	end     int64 // of the sound written
	padded  int64 // of the silence written after it, or in its place
	faded   bool  // the sound's end has faded out
	last    [Channels]int16
	buf     []int16
}

// Block writes a block of interleaved stereo that the clock wants at want and that begins skipped samples after the end
// of the one before. emitted is from where on the timeline can still be changed. pcm is changed, and may be made longer
// by one sample in place.
func (j *Joiner) Block(want, skipped int64, pcm []int16, emitted int64) {
	at, adjust, cut := j.samples.Place(want, skipped, len(pcm)/Channels)
	pcm = programme.AdjustPCM(pcm, adjust)
	if len(pcm) == 0 {
		return
	}
	begins := !j.any || cut || skipped > 0
	if at > j.end {
		j.fade(at)
	}
	if j.padded > at && emitted > at {
		// It comes late, and silence was heard in its place.
		late := min(emitted-at, int64(len(pcm)/Channels))
		at, pcm, begins = at+late, pcm[late*Channels:], true
	}
	if begins {
		rise(pcm)
	}
	if len(pcm) > 0 {
		j.Out.Write(at, pcm)
		copy(j.last[:], pcm[len(pcm)-Channels:])
	}
	j.any, j.faded, j.end = true, len(pcm) == 0, at+int64(len(pcm)/Channels)
	j.padded = max(j.padded, j.end)
}

// Restart tells that the next block has nothing to do with the one before.
func (j *Joiner) Restart() { j.samples = Samples{} }

// Pad writes silence up to a position, if there is no sound so far: so that nobody waits for it. Sound that comes after
// all takes its place.
func (j *Joiner) Pad(to int64) {
	if !j.any || to <= j.padded {
		return
	}
	j.fade(to)
	for j.padded < to {
		n := min(to-j.padded, SampleRate/50)
		j.Out.Write(j.padded, j.silence(n))
		j.padded += n
	}
}

// fade lets the sound end, in the room up to a position, unless it has.
func (j *Joiner) fade(to int64) {
	if !j.any || j.faded {
		return
	}
	n := min(to-j.end, fadeOut)
	pcm := j.silence(n)
	for i := range n {
		gain := 1 - float32(i+1)/float32(n)
		for ch, v := range j.last {
			pcm[int(i)*Channels+ch] = int16(float32(v) * gain)
		}
	}
	j.Out.Write(j.end, pcm)
	j.padded, j.faded = max(j.padded, j.end+n), true
}

// silence is n samples of it, to be changed until the next call.
func (j *Joiner) silence(n int64) []int16 {
	if int64(cap(j.buf)) < n*Channels {
		j.buf = make([]int16, n*Channels)
	}
	j.buf = j.buf[:n*Channels]
	clear(j.buf)
	return j.buf
}

// Corrections tells how many single samples were put in or taken out, and how often sound had to jump.
func (j *Joiner) Corrections() (samples, jumps int64) { return j.samples.Corrections() }

// rise fades a block in.
func rise(pcm []int16) {
	n := min(len(pcm)/Channels, fadeIn)
	for i := range n {
		gain := float32(i) / float32(n)
		for ch := range Channels {
			pcm[i*Channels+ch] = int16(float32(pcm[i*Channels+ch]) * gain)
		}
	}
}
