package programme

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func loud(seed uint64, n int) []int16 {
	rng := rand.New(rand.NewPCG(seed, 9))
	pcm := make([]int16, n*Channels)
	for i := range pcm {
		pcm[i] = int16(rng.Uint32())
	}
	pcm[0], pcm[1] = -32768, 32767
	return pcm
}

func newAudio() *Programme { return New(Format{Audio: true}, Options{}) }

// drain takes n samples in blocks.
func drain(p *Programme, n int64) []int16 {
	var out []int16
	for n > 0 {
		k := min(n, blockSamples)
		_, pcm := p.mixer.take(k)
		out = append(out, pcm...)
		n -= k
	}
	return out
}

func TestSingleLinePassesBitExact(t *testing.T) {
	p := newAudio()
	l, quiet := p.AddAudio(), p.AddAudio()
	in := loud(1, 5000)
	for at := 0; at < 5000; at += 617 {
		end := min(at+617, 5000)
		l.Write(int64(at), in[at*Channels:end*Channels])
	}
	quiet.Write(0, make([]int16, 5000*Channels))
	if got := drain(p, 5000); !slices.Equal(got, in) {
		t.Fatal("one sounding line was changed")
	}
}

func TestLinesAreSummedWithALimit(t *testing.T) {
	p := newAudio()
	a, b, c := p.AddAudio(), p.AddAudio(), p.AddAudio()
	x, y, z := loud(1, 960), loud(2, 500), loud(3, 960)
	a.Write(0, x)
	b.Write(0, y)
	c.Write(0, z)
	for i, got := range drain(p, 960) {
		sum := int32(x[i]) + int32(z[i])
		if i < len(y) {
			sum += int32(y[i])
		}
		if got != limit(sum) {
			t.Fatalf("value %d is %d, want the limited %d", i, got, sum)
		}
		if sum >= -limitKnee && sum <= limitKnee && int32(got) != sum {
			t.Fatalf("value %d is %d below the knee, want %d", i, got, sum)
		}
	}
}

func TestLimitIsMonotoneContinuousAndNeverWraps(t *testing.T) {
	last := int32(limit(-100 * 32768))
	for s := int32(-100 * 32768); s <= 100*32768; s++ {
		got := int32(limit(s))
		if got < last || got > last+1 {
			t.Fatalf("limit(%d) = %d after %d", s, got, last)
		}
		if got != -int32(limit(-s)) {
			t.Fatalf("limit(%d) is not symmetric", s)
		}
		last = got
	}
}

func TestLineGapsOverlapsAndLateParts(t *testing.T) {
	p := newAudio()
	l := p.AddAudio()
	ones := func(v int16, n int) []int16 { return slices.Repeat([]int16{v, v}, n) }
	l.Write(-50, ones(1, 100)) // half of it before zero
	l.Write(80, ones(2, 20))   // gap of 30
	l.Write(90, ones(3, 20))   // replaces 10
	want := slices.Concat(ones(1, 50), ones(0, 30), ones(2, 10), ones(3, 20), ones(0, 10))
	if got := drain(p, 120); !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
	l.Write(100, ones(4, 30)) // 20 of it late
	l.Write(0, ones(5, 30))   // all late
	if got := drain(p, 20); !slices.Equal(got, slices.Concat(ones(4, 10), ones(0, 10))) {
		t.Fatalf("got %v", got)
	}
	if s := p.Stats(); s.LateSamples != 50 || s.SilentSamples != 20 || s.Samples != 140 {
		t.Fatalf("%+v", s)
	}
}

func TestGapIsSilentWhereTheRingWasUsed(t *testing.T) {
	p := newAudio()
	l := p.AddAudio()
	l.Write(0, loud(1, lineStart))
	drain(p, lineStart)
	l.Write(lineStart+500, loud(2, 10))
	for i, s := range drain(p, 500) {
		if s != 0 {
			t.Fatalf("value %d of a gap is %d", i, s)
		}
	}
}

func TestLineIsBounded(t *testing.T) {
	p := newAudio()
	l := p.AddAudio()
	block := loud(1, 4800)
	for at := int64(0); at < 10*SampleRate; at += 4800 {
		l.Write(at, block)
	}
	l.Write(1<<60, block)
	ahead := p.mixer.ahead
	if l.end != ahead || len(l.ring) > 2*Channels*int(ahead) {
		t.Fatalf("end %d, ring of %d values; at most %d samples ahead", l.end, len(l.ring), ahead)
	}
	if got, want := p.Stats().AheadSamples, 10*SampleRate-ahead+4800; got != want {
		t.Fatalf("%d samples counted as ahead, want %d", got, want)
	}
	if got := drain(p, 9600); !slices.Equal(got[:9600], block) || !slices.Equal(got[9600:], block) {
		t.Fatal("growing changed the sound")
	}
}

func TestClosedLinePlaysToItsEndAndGoes(t *testing.T) {
	p := newAudio()
	l := p.AddAudio()
	l.Write(0, loud(1, 1000))
	l.Close()
	l.Write(1000, loud(1, 1000))
	if !p.mixer.ready(1 << 40) {
		t.Fatal("a closed line is waited for")
	}
	drain(p, 960)
	if n := p.Stats().Lines; n != 1 {
		t.Fatalf("%d lines, want 1", n)
	}
	drain(p, 960)
	if s := p.Stats(); s.Lines != 0 || s.SilentSamples != 920 {
		t.Fatalf("%+v", s)
	}
}

func TestMixingDoesNotAllocate(t *testing.T) {
	p := newAudio()
	a, b := p.AddAudio(), p.AddAudio()
	block, at := loud(1, blockSamples), int64(0)
	if n := testing.AllocsPerRun(200, func() {
		a.Write(at, block)
		b.Write(at, block)
		p.mixer.take(blockSamples)
		at += blockSamples
	}); n != 0 {
		t.Fatalf("%v allocations for a block", n)
	}
	if d := p.line.SampleTime(p.mixer.next); d < 4*time.Second {
		t.Fatalf("only %v mixed", d)
	}
}
