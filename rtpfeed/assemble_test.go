package rtpfeed

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"
)

// bitstreams are frames as encoders give them, a keyframe first; parts are what they become.
type bitstream struct {
	codec  Codec
	frames [][]byte
	parts  [][][]byte
}

func payloads(c Codec, frame []byte, state any) [][]byte {
	return state.(interface {
		Payload(uint16, []byte) [][]byte
	}).Payload(120, frame)
}

func noise(r *rand.Rand, head []byte, n int) []byte {
	b := bytes.Clone(head)
	for len(b) < n {
		b = append(b, byte(1+r.IntN(255)))
	}
	return b
}

// annexB puts start codes before NAL units.
func annexB(nals ...[]byte) (b []byte) {
	for _, n := range nals {
		b = append(append(b, 0, 0, 0, 1), n...)
	}
	return b
}

func streams() []struct {
	bitstream
	payloader any
} {
	r := rand.New(rand.NewPCG(1, 2))
	vp8Key := noise(r, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01}, 700) // 640x360
	vp8Delta := noise(r, []byte{0x11, 0, 0}, 300)
	// Keyframe 640x360 of profile 0, BT.709, and an inter frame.
	vp9Key := noise(r, []byte{0x82, 0x49, 0x83, 0x42, 0x20, 0x27, 0xf0, 0x16, 0x70}, 500)
	vp9Delta := noise(r, []byte{0x86, 0x00}, 200)
	sps := []byte{0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x0f, 0x16, 0x2e, 0x48}
	pps := []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
	idr, slice := noise(r, []byte{0x65, 0x88}, 600), noise(r, []byte{0x41, 0x9a}, 90)
	vps := noise(r, []byte{0x40, 0x01, 0x0c}, 20)
	hsps := noise(r, []byte{0x42, 0x01, 0x01}, 40)
	hpps := noise(r, []byte{0x44, 0x01, 0xc1}, 8)
	hidr, hslice := noise(r, []byte{0x26, 0x01, 0xaf}, 500), noise(r, []byte{0x02, 0x01, 0xd0}, 60)
	sequence := []byte{0x0a, 0x0b, 0x00, 0x00, 0x00, 0x24, 0xcf, 0xbf, 0x0d, 0xbf, 0xff, 0x30, 0x08}
	key := noise(r, []byte{0x32, 0xf4, 0x03, 0x10}, 3+500)
	delta := noise(r, []byte{0x32, 0x96, 0x01, 0x30}, 3+150)
	bare := func(obu []byte, size int) []byte { return append([]byte{obu[0] &^ obuHasSize}, obu[1+size:]...) }
	return []struct {
		bitstream
		payloader any
	}{
		{bitstream{VP8, [][]byte{vp8Key, vp8Delta, vp8Delta}, [][][]byte{{vp8Key}, {vp8Delta}, {vp8Delta}}}, &codecs.VP8Payloader{EnablePictureID: true}},
		{bitstream{VP9, [][]byte{vp9Key, vp9Delta, vp9Delta}, [][][]byte{{vp9Key}, {vp9Delta}, {vp9Delta}}}, &codecs.VP9Payloader{FlexibleMode: true}},
		{bitstream{H264, [][]byte{annexB(sps, pps, idr), annexB(slice), annexB(slice)}, [][][]byte{{sps, pps, idr}, {slice}, {slice}}}, &codecs.H264Payloader{}},
		{bitstream{H265, [][]byte{annexB(vps, hsps, hpps, hidr), annexB(hslice), annexB(hslice)}, [][][]byte{{vps, hsps, hpps, hidr}, {hslice}, {hslice}}}, &codecs.H265Payloader{}},
		{bitstream{AV1, [][]byte{append(bytes.Clone(sequence), key...), delta, delta}, [][][]byte{{bare(sequence, 1), bare(key, 2)}, {bare(delta, 2)}, {bare(delta, 2)}}}, &codecs.AV1Payloader{}},
	}
}

// packets of all frames of a stream.
func (b bitstream) packets(payloader any, first uint16) (all []packet) {
	for n, frame := range b.frames {
		parts := payloads(b.codec, frame, payloader)
		for i, p := range parts {
			all = append(all, packet{
				sequence: first, timestamp: uint32(n) * 3000, marker: i == len(parts)-1, payload: p,
				arrived: time.Unix(int64(n), int64(i)),
			})
			first++
		}
	}
	return all
}

func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	for _, s := range streams() {
		a := newAssembler(s.codec)
		var got []Unit
		for _, p := range s.packets(s.payloader, 100) {
			a.add(p, 0, func(u Unit) { got = append(got, u) })
			// Packets that only probe the path are between all others.
			a.add(packet{timestamp: p.timestamp}, 0, func(Unit) { t.Error("a unit of nothing") })
		}
		if len(got) != len(s.frames) {
			t.Fatalf("%v: %d frames", s.codec, len(got))
		}
		for i, u := range got {
			if len(u.Parts) != len(s.parts[i]) {
				t.Fatalf("%v, frame %d: %d parts, want %d", s.codec, i, len(u.Parts), len(s.parts[i]))
			}
			for j := range u.Parts {
				if !bytes.Equal(u.Parts[j], s.parts[i][j]) {
					t.Errorf("%v, frame %d, part %d:\n%x, want\n%x", s.codec, i, j, u.Parts[j], s.parts[i][j])
				}
			}
			if u.Keyframe != (i == 0) || u.Lost != 0 || u.Timestamp != uint32(i)*3000 || !u.Arrived.Equal(time.Unix(int64(i), 0)) {
				t.Errorf("%v, frame %d: %+v", s.codec, i, u)
			}
		}
		if s.codec != H265 && (got[0].Width != 640 || got[0].Height != 360) && s.codec != AV1 {
			t.Errorf("%v: %dx%d", s.codec, got[0].Width, got[0].Height)
		}
	}
}

// TestEachLossIsTold loses each packet in turn: no frame comes out that is not whole, and the next that does tells.
func TestEachLossIsTold(t *testing.T) {
	for _, s := range streams() {
		all := s.packets(s.payloader, 0)
		for lose := range all {
			a := newAssembler(s.codec)
			var got []Unit
			lost := 0
			for i, p := range all {
				if i == lose {
					lost = 1
					continue
				}
				a.add(p, lost, func(u Unit) { got = append(got, u) })
				lost = 0
			}
			if len(got) != len(s.frames)-1 && lose < len(all)-1 || len(got) > len(s.frames)-1 {
				t.Errorf("%v without packet %d: %d frames", s.codec, lose, len(got))
			}
			gaps := 0
			for _, u := range got {
				n := int(u.Timestamp / 3000)
				for j := range u.Parts {
					if !bytes.Equal(u.Parts[j], s.parts[n][j]) {
						t.Errorf("%v without packet %d: frame %d is torn", s.codec, lose, n)
					}
				}
				if u.Lost > 0 {
					gaps++
				}
			}
			if last := all[lose].timestamp == all[len(all)-1].timestamp; gaps != 1 && !last {
				t.Errorf("%v without packet %d: %d gaps told", s.codec, lose, gaps)
			}
		}
	}
}

func TestBlankFramesAreDropped(t *testing.T) {
	blank := []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 8, 0, 8, 0, 1, 2, 3}
	a := newAssembler(VP8)
	for _, p := range (&codecs.VP8Payloader{}).Payload(1200, blank) {
		a.add(packet{payload: p, marker: true}, 0, func(u Unit) { t.Errorf("%+v", u) })
	}
}

func TestSuperframe(t *testing.T) {
	low, high := bytes.Repeat([]byte{1}, 300), bytes.Repeat([]byte{2}, 20)
	got := superframe([][]byte{low, high})
	index := []byte{0xC9, 0x2c, 0x01, 20, 0, 0xC9}
	if want := append(append(bytes.Clone(low), high...), index...); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func FuzzAssemble(f *testing.F) {
	for _, s := range streams() {
		for _, p := range s.packets(s.payloader, 0) {
			f.Add(int(s.codec), p.payload, p.payload)
		}
	}
	f.Fuzz(func(t *testing.T, codec int, one, two []byte) {
		a := newAssembler(Codec(codec))
		check := func(u Unit) {
			if len(u.Parts) == 0 || u.Width < 0 || u.Height < 0 {
				t.Fatalf("%+v", u)
			}
			for _, p := range u.Parts {
				if len(p) == 0 {
					t.Fatal("empty part")
				}
			}
			_ = packed(Codec(codec), u)
			_, _ = matroskaTrack(Codec(codec), u)
		}
		a.add(packet{payload: one}, 0, check)
		a.add(packet{payload: two, marker: true}, 0, check)
		a.add(packet{payload: one, timestamp: 1}, 1, check)
		a.add(packet{payload: two, timestamp: 1}, 0, check)
		a.add(packet{payload: one, timestamp: 2, marker: true}, 0, check)
	})
}
