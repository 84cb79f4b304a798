package sound

import (
	"math"
	"slices"
	"testing"
)

// tape is what was written, one write over the other.
type tape map[int64][2]int16

func (t tape) Write(at int64, pcm []int16) {
	for i := range len(pcm) / Channels {
		t[at+int64(i)] = [2]int16{pcm[2*i], pcm[2*i+1]}
	}
}

func (t tape) stereo(from, to int64) []int16 {
	var out []int16
	for m := from; m < to; m++ {
		out = append(out, t[m][0], t[m][1])
	}
	return out
}

// clicks counts steps that a 1 kHz tone of half amplitude does not have.
func (t tape) clicks(from, to int64) int {
	n := 0
	for m := from; m < to; m++ {
		if d := int(t[m+1][0]) - int(t[m][0]); d > 2600 || d < -2600 {
			n++
		}
	}
	return n
}

// block is n samples of 1 kHz, from sample at on.
func block(at int64, n int) []int16 {
	pcm := make([]int16, 0, (n+1)*Channels)
	for i := range n {
		v := int16(16000 * math.Sin(2*math.Pi*1000*float64(at+int64(i))/SampleRate))
		pcm = append(pcm, v, v)
	}
	return pcm
}

func TestJoinerIsExact(t *testing.T) {
	out := tape{}
	j := Joiner{Out: out}
	for n := range int64(100) {
		j.Block(960*n, 0, block(960*n, 960), 0)
	}
	for m := int64(fadeIn); m < 96000; m++ {
		if want := block(m, 1)[0]; out[m][0] != want || out[m][1] != want {
			t.Fatalf("sample %d is %v, want %d", m, out[m], want)
		}
	}
}

func TestLossDoesNotClick(t *testing.T) {
	for _, lost := range []int64{1, 2, 5, 50} {
		out := tape{}
		j := Joiner{Out: out}
		skipped := int64(0)
		for n := range int64(100) {
			if n%(lost+3) < lost && n > 0 {
				skipped += 960
				continue
			}
			j.Block(960*n+17, skipped, block(960*n, 960), 0)
			skipped = 0
		}
		if got := out.clicks(0, 95000); got > 0 {
			t.Errorf("%d of %d packets lost: %d clicks", lost, lost+3, got)
		}
	}
}

// TestLateSound: silence was written, and partly emitted, where the block belongs.
func TestLateSound(t *testing.T) {
	for _, emitted := range []int64{0, 960, 1100, 1919, 5000} {
		out := tape{}
		j := Joiner{Out: out}
		j.Block(0, 0, block(0, 960), 0)
		j.Pad(2880)
		heard := out.stereo(0, max(emitted, 0))
		j.Block(960, 0, block(960, 960), emitted)
		j.Block(1920, 0, block(1920, 960), emitted)
		for i, v := range out.stereo(0, emitted) {
			if v != heard[i] {
				t.Fatalf("emitted up to %d: sample %d was changed", emitted, i/2)
			}
		}
		if got := out.clicks(0, 2879); got > 0 {
			t.Errorf("emitted up to %d: %d clicks", emitted, got)
		}
		if emitted < 2500 && out[2700][0] != block(2700, 1)[0] {
			t.Errorf("emitted up to %d: the sound does not come back", emitted)
		}
	}
}

func TestPadSilences(t *testing.T) {
	out := tape{}
	j := Joiner{Out: out}
	j.Pad(1000)
	if len(out) > 0 {
		t.Error("silence before the first sound")
	}
	j.Block(0, 0, block(0, 960), 0)
	j.Pad(48000)
	for m := int64(960 + fadeOut); m < 48000; m++ {
		if v, ok := out[m]; !ok || v != [2]int16{} {
			t.Fatalf("sample %d is %v, %t", m, v, ok)
		}
	}
}

// TestDriftIsInaudible: a sender 200 ppm off is followed, and what that does to a tone is measured.
func TestDriftIsInaudible(t *testing.T) {
	for _, c := range []struct {
		hz, least float64
	}{{440, 50}, {1000, 40}, {3000, 30}, {8000, 20}} {
		for _, ppm := range []float64{-200, 200} {
			out := tape{}
			j := Joiner{Out: out}
			const blocks = 600 // 12 s
			for n := range int64(blocks) {
				pcm := make([]int16, 0, 961*Channels)
				for i := range 960 {
					v := int16(math.Round(16000 * math.Sin(2*math.Pi*c.hz*float64(960*n+int64(i))/SampleRate)))
					pcm = append(pcm, v, v)
				}
				j.Block(int64(math.Round(float64(960*n)*(1+ppm*1e-6))), 0, pcm, 0)
			}
			samples, jumps := j.Corrections()
			want := 960 * blocks * 200e-6
			if jumps != 0 || math.Abs(float64(samples)-want) > steerOn+2 {
				t.Errorf("%v ppm: %d samples and %d jumps, want %.0f and none", ppm, samples, jumps, want)
			}
			// A sample more in 20 ms is 1042 ppm of pitch, 1.8 cents: what is left beside a tone of either pitch is noise.
			var all []float64
			for from := int64(48000); from < 960*blocks-48000; from += 480 {
				pcm, best := out.stereo(from, from+480), 0.0
				for _, pitch := range []float64{0, 1042e-6, -1042e-6} {
					best = max(best, snr(pcm, 0, c.hz*(1+pitch)))
				}
				all = append(all, best)
			}
			slices.Sort(all)
			worst := all[len(all)/20]
			t.Logf("%v Hz, %v ppm: SNR %.1f dB in the worst twentieth", c.hz, ppm, worst)
			if worst < c.least {
				t.Errorf("%v Hz, %v ppm: SNR %.1f dB, want %v", c.hz, ppm, worst, c.least)
			}
		}
	}
}

func TestSides(t *testing.T) {
	for side, want := range map[Side][]int16{
		Both:  {100, 300, -5, -7},
		Left:  {200, 0, -6, 0},
		Right: {0, 200, 0, -6},
	} {
		pcm := []int16{100, 300, -5, -7}
		side.Place(pcm)
		for i := range pcm {
			if pcm[i] != want[i] {
				t.Errorf("%v: %v, want %v", side, pcm, want)
				break
			}
		}
	}
	pcm := []int16{32767, 32767}
	Left.Place(pcm)
	if pcm[0] != 32767 {
		t.Errorf("full scale becomes %d", pcm[0])
	}
}
