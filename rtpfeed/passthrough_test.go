package rtpfeed

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/matroska"
	"github.com/ffegress/ffegress/ffpipe/ogg"
)

// tape is where parts are appended.
type tape struct{ parts [][]byte }

func (t *tape) Append(part []byte) { t.parts = append(t.parts, part) }

// blocks are those of a Matroska tape, whose first part is the head.
func (t *tape) blocks(tb testing.TB) (all []matroska.Block) {
	tb.Helper()
	for _, part := range t.parts[1:] {
		h, err := matroska.ParseHeader(part)
		if err != nil || !h.Cluster() {
			tb.Fatalf("%+v, %v", h, err)
		}
		found, err := matroska.ParseCluster(part[h.Header:])
		if err != nil || len(found) != 1 {
			tb.Fatalf("%v, %v", found, err)
		}
		all = append(all, found[0])
	}
	return all
}

// packets are those of an Ogg tape, with the last granule position.
func (t *tape) packets(tb testing.TB) (all [][]byte, end int64) {
	tb.Helper()
	for n, part := range t.parts {
		p, size, err := ogg.Parse(part)
		if err != nil || size != len(part) || p.Sequence != uint32(n) {
			tb.Fatalf("page %d: %+v, %v", n, p, err)
		}
		if n >= 2 {
			all, end = append(all, p.Packets...), p.Granule
		}
	}
	return all, end
}

var noon = time.Unix(1e9, 0)

func after(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

func newTest(t Track) (*Passthrough, *tape, *[]time.Time) {
	out, started := &tape{}, &[]time.Time{}
	p := NewPassthrough(t, out)
	p.Started = func(at time.Time) { *started = append(*started, at) }
	return p, out, started
}

func picture(ts uint32, ms int, key bool) Unit {
	data := []byte{0x11, 0, 0, 1}
	if key {
		data = []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 48, 0, 9}
	}
	return Unit{Parts: [][]byte{data}, Timestamp: ts, Arrived: after(ms), Keyframe: key, Width: 64, Height: 48}
}

func TestPassthroughPicture(t *testing.T) {
	p, out, started := newTest(Track{Codec: VP8, ClockRate: 90000})
	p.Unit(picture(500, -40, false)) // nothing begins with it
	p.Unit(picture(4294967295, 0, true))
	p.Unit(picture(2999, 60, false))   // arrives late, stands at 1/30 s
	p.Unit(picture(92999, 1040, true)) // after a gap of a second
	p.Vacant(after(1100))
	p.Replaced(Track{Codec: VP8, ClockRate: 90000})
	p.Unit(picture(7, 3000, true))
	p.Unit(picture(3007, 3020, false))
	p.End(after(3500))
	p.Unit(picture(90007, 3501, false)) // too late
	p.Vacant(after(4000))
	p.Close()
	if len(*started) != 1 || !(*started)[0].Equal(noon) {
		t.Errorf("started at %v", *started)
	}
	ms := func(n float64) time.Duration {
		return time.Duration(n * float64(time.Millisecond)).Round(time.Microsecond)
	}
	want := []matroska.Block{
		{At: 0, Key: true}, {At: ms(33.333)}, {At: ms(1033.333), Key: true}, {At: ms(3000), Key: true},
		{At: ms(3033.333), Duration: ms(466.667)},
	}
	got := out.blocks(t)
	if len(got) != len(want) {
		t.Fatalf("%d blocks: %+v", len(got), got)
	}
	for i, w := range want {
		if g := got[i]; g.At != w.At || g.Key != w.Key || g.Duration != w.Duration {
			t.Errorf("block %d: %v %v %v, want %+v", i, g.At, g.Key, g.Duration, w)
		}
	}
	if st := p.Stats(); st.Units != 5 || st.Dropped != 1 || st.Duration != 3500*time.Millisecond {
		t.Errorf("%+v", st)
	}
}

func TestPassthroughEndsWhereTheTrackVanished(t *testing.T) {
	p, out, _ := newTest(Track{Codec: VP8, ClockRate: 90000})
	p.Unit(picture(0, 0, true))
	p.Unit(picture(3000, 34, false))
	p.Vacant(after(100))
	p.End(after(30000))
	p.Close()
	got := out.blocks(t)
	if last := got[len(got)-1]; last.At+last.Duration != 100*time.Millisecond {
		t.Errorf("ends at %v", last.At+last.Duration)
	}
}

func voice(ts uint32, ms int, packet []byte) Unit {
	return Unit{Parts: [][]byte{packet}, Timestamp: ts, Arrived: after(ms), Keyframe: true}
}

func TestPassthroughOpus(t *testing.T) {
	p, out, _ := newTest(Track{Codec: Opus, ClockRate: 48000})
	packet := func(n byte) []byte { return []byte{31<<3 | 4, n, n} } // 20 ms, stereo
	p.Unit(voice(100, 0, packet(1)))
	p.Unit(voice(1060, 25, packet(2)))
	p.Unit(voice(1060+960*3+130, 100, packet(3))) // two packets and 130 samples are missing
	p.Unit(voice(1060+960*3+130, 100, packet(3))) // twice
	p.Unit(voice(1060+960*4+130, 105, nil))       // no packet
	p.Unit(voice(1060+960*4+130, 110, packet(4)))
	p.End(after(200))
	p.Vacant(after(300))
	p.Close()
	got, end := out.packets(t)
	want := [][]byte{packet(1), packet(2), silent[0].packet, silent[0].packet, silent[3].packet, packet(3), packet(4)}
	for range 3 { // 200 ms are 9600 samples, and there are 5880 of them
		want = append(want, silent[0].packet)
	}
	want = append(want, silent[1].packet, silent[2].packet, silent[3].packet)
	if len(got) != len(want) {
		t.Fatalf("%d packets %x", len(got), got)
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("packet %d: %x, want %x", i, got[i], want[i])
		}
	}
	if off := 9600 - end; off < 0 || off >= 120 {
		t.Errorf("ends at sample %d", end)
	}
	if st := p.Stats(); st.Units != 4 || st.Dropped != 2 || st.Silence != 9 {
		t.Errorf("%+v", st)
	}
}

func TestPassthroughG711(t *testing.T) {
	for codec, quiet := range map[Codec]byte{PCMU: 0xff, PCMA: 0xd5} {
		p, out, _ := newTest(Track{Codec: codec, ClockRate: 8000})
		packet := bytes.Repeat([]byte{7}, 160)
		p.Unit(voice(0, 0, packet))
		p.Unit(voice(160+1000, 150, packet))
		p.End(after(250))
		p.Vacant(after(300))
		p.Close()
		var pcm []byte
		for _, k := range out.blocks(t) {
			if want := time.Duration(len(pcm)) * time.Second / 8000; k.At != want {
				t.Errorf("block at %v, want %v", k.At, want)
			}
			pcm = append(pcm, k.Data...)
		}
		if len(pcm) != 2000 || pcm[159] != 7 || pcm[160] != quiet || pcm[1159] != quiet || pcm[1160] != 7 || pcm[1320] != quiet {
			t.Errorf("%v: %d samples", codec, len(pcm))
		}
	}
}

func TestPassthroughOfAnotherCodec(t *testing.T) {
	p, out, _ := newTest(Track{Codec: Opus, ClockRate: 48000})
	p.Unit(voice(0, 0, []byte{31 << 3, 1, 1}))
	p.Replaced(Track{Codec: PCMU, ClockRate: 8000})
	p.Unit(voice(9, 500, []byte{1, 2, 3}))
	p.Replaced(Track{Codec: Opus, ClockRate: 48000})
	p.Unit(voice(77, 1000, []byte{31 << 3, 2, 2}))
	p.Close()
	if got, end := out.packets(t); end != 48000+960 || got[len(got)-1][1] != 2 {
		t.Errorf("%x, end %d", got, end)
	}
}

// TestPassthroughKnowsWhatWaited: sound that waited for a second until somebody read it began a second ago.
func TestPassthroughKnowsWhatWaited(t *testing.T) {
	p, out, started := newTest(Track{Codec: Opus, ClockRate: 48000})
	packet := []byte{31 << 3, 1, 1} // 20 ms
	for n := range 250 {
		ms := max(1000, 20*n)
		if n == 230 {
			ms -= 100 // the way has become shorter
		}
		p.Unit(voice(uint32(960*n), ms, packet))
	}
	if !(*started)[0].Equal(after(1000)) || !p.Stats().Zero.Equal(noon) {
		t.Errorf("started at %v, zero is %v", *started, p.Stats().Zero)
	}
	p.End(after(5500))
	p.Vacant(after(6000))
	p.Close()
	if _, end := out.packets(t); end != 5.5*48000 || p.Stats().Duration != 5500*time.Millisecond {
		t.Errorf("ends at %d, %v", end, p.Stats().Duration)
	}
}

// TestPassthroughTakesWhatWaitsAtTheEnd: sound of the time before the end is not left out because it is read after it.
func TestPassthroughTakesWhatWaitsAtTheEnd(t *testing.T) {
	p, out, _ := newTest(Track{Codec: Opus, ClockRate: 48000})
	packet := []byte{31 << 3, 1, 1} // 20 ms
	say := func(n, ms int) { p.Unit(voice(uint32(960*n), ms, packet)) }
	for n := range 40 {
		say(n, 20*n)
	}
	p.End(after(1000))
	for n := 40; n < 50; n++ {
		say(n, 1200)
	}
	if told(p) {
		t.Error("it is said to be whole while something may wait")
	}
	say(50, 1200)
	if !told(p) {
		t.Error("it is whole, and not said to be")
	}
	p.Vacant(after(1300))
	p.Close()
	if st := p.Stats(); st.Units != 50 || st.Silence != 0 || st.Duration != time.Second {
		t.Errorf("%+v", st)
	}
	if _, end := out.packets(t); end != 48000 {
		t.Errorf("ends at %d", end)
	}
}

func told(p *Passthrough) bool {
	select {
	case <-p.Whole():
		return true
	default:
		return false
	}
}

// TestPassthroughAwaitsNothingOfQuietTracks: who is muted or gone sends nothing that could be awaited.
func TestPassthroughAwaitsNothingOfQuietTracks(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(p *Passthrough)
		want bool
	}{
		"muted":                {func(p *Passthrough) { p.Muted(true, noon); p.End(noon) }, true},
		"muted afterwards":     {func(p *Passthrough) { p.End(noon); p.Muted(true, noon) }, true},
		"gone":                 {func(p *Passthrough) { p.Vacant(noon); p.End(noon) }, true},
		"gone afterwards":      {func(p *Passthrough) { p.End(noon); p.Vacant(noon) }, true},
		"unmuted":              {func(p *Passthrough) { p.Muted(true, noon); p.Muted(false, noon); p.End(noon) }, false},
		"muted, and no end":    {func(p *Passthrough) { p.Muted(true, noon) }, false},
		"still heard at muted": {func(p *Passthrough) { p.Muted(true, noon); p.Unit(voice(0, 0, []byte{31 << 3, 1})); p.End(noon) }, false},
	} {
		p, _, _ := newTest(Track{Codec: Opus, ClockRate: 48000})
		if c.do(p); told(p) != c.want {
			t.Errorf("%s: whole %v", name, told(p))
		}
	}
}

func TestStamps(t *testing.T) {
	s := stamps{rate: 90000}
	s.at(4294967000, noon)
	if got := s.at(89704, after(900)); got != time.Second {
		t.Errorf("over the wrap: %v", got)
	}
	s = stamps{rate: 90000}
	s.at(1000, noon)
	if got := s.at(1000+90000*20, after(1000)); got != time.Second {
		t.Errorf("a jump of 20 s: %v", got)
	}
	if got := s.at(1000+90000*21, after(2000)); got != 2*time.Second {
		t.Errorf("after it: %v", got)
	}
	// Days later nothing has overflowed.
	s = stamps{rate: 90000}
	s.at(0, noon)
	var ts uint32
	for n := 1; n <= 24*7; n++ {
		ts += 90000 * 3600
		if got, want := s.at(ts, noon.Add(time.Duration(n)*time.Hour)), time.Duration(n)*time.Hour; got != want {
			t.Fatalf("after %d hours: %v", n, got)
		}
	}
	if got := samplesAt(24*7*time.Hour+time.Second/2, 48000); got != 24*7*3600*48000+24000 {
		t.Errorf("a week is %d samples", got)
	}
}

// FuzzPassthrough has packets of any length and time: what is appended is a whole file always.
func FuzzPassthrough(f *testing.F) {
	f.Add(int(Opus), uint64(1))
	f.Add(int(VP8), uint64(2))
	f.Add(int(PCMU), uint64(3))
	f.Fuzz(func(t *testing.T, codec int, seed uint64) {
		codec = int(Opus) + abs(codec)%int(VP9)
		r := rand.New(rand.NewPCG(seed, 1))
		p, out, _ := newTest(Track{Codec: Codec(codec), ClockRate: []uint32{8000, 48000, 90000}[r.IntN(3)]})
		ms := 0
		for range 50 {
			ms += r.IntN(100)
			u := picture(r.Uint32N(1<<uint(1+r.IntN(30))), ms, r.IntN(3) == 0)
			if !Codec(codec).Video() {
				u.Parts[0] = u.Parts[0][:r.IntN(len(u.Parts[0]))+1]
			}
			p.Unit(u)
			if r.IntN(10) == 0 {
				p.Replaced(Track{Codec: Codec(codec), ClockRate: p.stamps.rate})
			}
		}
		if r.IntN(2) == 0 {
			p.End(after(ms + r.IntN(1000)))
		}
		p.Vacant(after(ms + r.IntN(1000)))
		p.Close()
		if len(out.parts) == 0 {
			return
		}
		if Codec(codec) == Opus {
			out.packets(t)
			return
		}
		last := time.Duration(-1)
		for _, k := range out.blocks(t) {
			if k.At <= last {
				t.Fatalf("block at %v after one at %v", k.At, last)
			}
			last = k.At
		}
	})
}

func abs(n int) int { return max(n, -n, 0) }
