package programme

import (
	"math"
	"slices"
	"testing"
)

// sine is interleaved stereo, left at hz, right inverted.
func sine(hz float64, at, n int64) []int16 {
	pcm := make([]int16, n*Channels, (n+1)*Channels)
	for i := range n {
		s := int16(math.Round(20000 * math.Sin(2*math.Pi*hz*float64(at+i)/SampleRate)))
		pcm[i*Channels], pcm[i*Channels+1] = s, -s
	}
	return pcm
}

// A click is a step in the second difference that the tone itself does not have.
func TestAdjustPCMDoesNotClick(t *testing.T) {
	for _, hz := range []float64{50, 440, 1000, 5000} {
		for _, adjust := range []int{-1, 0, 1} {
			const n = 960
			pcm := slices.Concat(sine(hz, 0, n), AdjustPCM(sine(hz, n, n), adjust), sine(hz, 2*n, n))
			if len(pcm) != (3*n+adjust)*Channels {
				t.Fatalf("%v Hz %+d: %d samples", hz, adjust, len(pcm)/Channels)
			}
			w := 2 * math.Pi * hz / SampleRate
			most := 20000*w*w*1.25 + 8
			for i := Channels; i < len(pcm)-Channels; i++ {
				second := float64(pcm[i-Channels]) - 2*float64(pcm[i]) + float64(pcm[i+Channels])
				if math.Abs(second) > most {
					t.Fatalf("%v Hz %+d: second difference %.0f at sample %d, most %.0f", hz, adjust, second, i/2, most)
				}
				if i%2 == 1 && pcm[i] != -pcm[i-1] {
					t.Fatalf("channels differ at %d: %d %d", i/2, pcm[i-1], pcm[i])
				}
			}
		}
	}
}

func TestAdjustPCMKeepsEnds(t *testing.T) {
	for _, n := range []int64{2, 3, 4, 480} {
		for _, adjust := range []int{-1, 1} {
			in := sine(700, 3, n)
			out := AdjustPCM(slices.Clone(in), adjust)
			if int64(len(out)) != (n+int64(adjust))*Channels {
				t.Fatalf("%d%+d: %d samples", n, adjust, len(out)/Channels)
			}
			if out[0] != in[0] || n > 2 && out[len(out)-1] != in[len(in)-1] {
				t.Errorf("%d%+d: ends moved: %v → %v", n, adjust, in, out)
			}
		}
	}
}

func TestAdjustPCMDoesNotAllocate(t *testing.T) {
	pcm := sine(440, 0, 480)
	if n := testing.AllocsPerRun(100, func() {
		pcm = AdjustPCM(AdjustPCM(pcm, 1), -1)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzAdjustPCM(f *testing.F) {
	f.Add([]byte{0, 1, 255, 127, 0, 128, 3, 3}, 1)
	f.Add([]byte{0, 1, 255, 127, 0, 128, 3, 3, 9}, -1)
	f.Fuzz(func(t *testing.T, b []byte, adjust int) {
		adjust = max(-1, min(1, adjust))
		n := len(b) / 2
		pcm := make([]int16, n*Channels)
		for i := range pcm {
			pcm[i] = int16(b[i/2*2]) | int16(b[i/2*2+1])<<8
		}
		if n < 2 {
			adjust = 0
		}
		if got := len(AdjustPCM(pcm, adjust)); got != (n+adjust)*Channels {
			t.Fatalf("%d%+d samples became %d values", n, adjust, got)
		}
	})
}
