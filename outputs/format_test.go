package outputs

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/mp3"
	"github.com/ffegress/ffegress/ffpipe/ogg"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

// opusHead is the identification header of RFC 7845, 5.1: two channels, pre-skip 312.
var opusHead = []byte("OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00")

// opusPacket is one of 20 ms by its first byte.
func opusPacket(n int) []byte { return []byte{0xfc, byte(n), byte(n >> 8), 0xaa} }

func oggPages(t testing.TB, serial uint32, head []byte, pages ...[][]byte) []byte {
	t.Helper()
	all := append([][][]byte{{head}, {[]byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00")}}, pages...)
	var b []byte
	for i, packets := range all {
		p := ogg.Page{Serial: serial, Sequence: uint32(i), Packets: packets}
		switch i {
		case 0:
			p.Flags = ogg.First
		case len(all) - 1:
			p.Flags = ogg.Last
		}
		var err error
		if b, err = p.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func packets(from, n int) (all [][]byte) {
	for i := range n {
		all = append(all, opusPacket(from+i))
	}
	return all
}

// TestOggRestart: the packets of a second run, without those that were fed again, follow those of the first in one
// logical stream.
func TestOggRestart(t *testing.T) {
	h := NewHub(HubOptions{Container: ffpipe.Ogg, HasAudio: true})
	s := h.Subscribe("file", Lossless{})
	first := oggPages(t, 7, opusHead, packets(0, 10), packets(10, 10), packets(20, 10))
	run(t, h, programme.Point{}, first[:len(first)-1]) // the third page is cut off
	end := h.End()
	if want := (programme.Point{Sample: (20 - preroll) * 960}); end != want {
		t.Fatalf("end %+v, want %+v", end, want)
	}
	run(t, h, end, oggPages(t, 8, opusHead, packets(16, 3), packets(19, 10)))
	h.Close(nil)
	stream := []byte{}
	var sound int64
	for _, f := range drain(t, s, io.EOF) {
		stream = append(stream, f.Data...)
		if f.AudioStart != sound || !f.Key {
			t.Errorf("fragment at %d, the one before ends at %d", f.AudioStart, sound)
		}
		sound = f.AudioEnd
	}
	if sound != 29*960-312 {
		t.Errorf("sound ends at %d", sound)
	}
	n, sequence := 0, uint32(2)
	for len(stream) > 0 {
		p, size, err := ogg.Parse(stream)
		if err != nil {
			t.Fatal(err)
		}
		for _, packet := range p.Packets {
			if !bytes.Equal(packet, opusPacket(n)) {
				t.Errorf("packet %d is % x", n, packet)
			}
			n++
		}
		if p.Serial != 7 || p.Sequence != sequence || p.Granule != int64(n)*960 || p.Flags != 0 {
			t.Errorf("page %+v", p)
		}
		sequence++
		stream = stream[size:]
	}
	if n != 29 {
		t.Errorf("%d packets", n)
	}
}

func TestOggErrors(t *testing.T) {
	other := bytes.Clone(opusHead)
	other[10] = 0
	good := func() []byte { return oggPages(t, 1, opusHead, packets(0, 10)) }
	broken := good()
	broken[len(broken)-1] ^= 1
	mixed := oggPages(t, 1, opusHead, [][]byte{opusPacket(1), {0xf4, 1}})
	foreign := append(oggPages(t, 1, opusHead, packets(0, 1)), oggPages(t, 2, opusHead)...)
	for name, c := range map[string]struct {
		from int64
		b    []byte
		want error
	}{
		"another head":   {6 * 960, oggPages(t, 1, other), ErrInitChanged},
		"no head":        {6 * 960, oggPages(t, 1, []byte("Vorbis")), ErrInitChanged},
		"checksum":       {6 * 960, broken, ErrMalformed},
		"no ogg":         {6 * 960, make([]byte, 100), ErrMalformed},
		"packet lengths": {6 * 960, mixed, ErrMalformed},
		"two streams":    {6 * 960, foreign, ErrMalformed},
		"later":          {11 * 960, good(), ErrRewound},
		"nothing":        {6 * 960, nil, nil},
		"half a head":    {6 * 960, good()[:30], nil},
	} {
		h := NewHub(HubOptions{Container: ffpipe.Ogg, HasAudio: true})
		run(t, h, programme.Point{}, good())
		if err := h.Run(bytes.NewReader(c.b), programme.Point{Sample: c.from}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// mp3Frame is one of 128 kb/s at 44.1 kHz, 417 bytes, that carries a number.
func mp3Frame(n int) []byte {
	b := make([]byte, 417)
	copy(b, []byte{0xff, 0xfb, 0x90, 0x64})
	b[400], b[416] = byte(n), 1
	return b
}

func mp3Frames(from, n int) (b []byte) {
	for i := range n {
		b = append(b, mp3Frame(from+i)...)
	}
	return b
}

func TestMP3Restart(t *testing.T) {
	h := NewHub(HubOptions{Container: ffpipe.MP3, HasAudio: true})
	s := h.Subscribe("file", Lossless{})
	run(t, h, programme.Point{}, mp3Frames(0, 20), mp3Frame(20)[:400])
	end := h.End()
	if want := int64((16*1152*48000 + 22050) / 44100); end.Sample != want {
		t.Fatalf("end %+v, want %d", end, want)
	}
	run(t, h, end, mp3Frames(16, 13))
	h.Close(nil)
	var stream []byte
	var sound int64
	for _, f := range drain(t, s, io.EOF) {
		stream = append(stream, f.Data...)
		if f.AudioStart != sound {
			t.Errorf("fragment at %d, the one before ends at %d", f.AudioStart, sound)
		}
		sound = f.AudioEnd
	}
	if !bytes.Equal(stream, mp3Frames(0, 29)) {
		t.Errorf("%d bytes, want %d", len(stream), 29*417)
	}
	if want := int64(29*1152-mp3.Delay) * 48000 / 44100; sound < want || sound > want+1 {
		t.Errorf("sound ends at %d, want %d", sound, want)
	}
}

// TestMP3EarlyDeath: an encoder that dies before there is anything to feed again is replaced from the beginning.
func TestMP3EarlyDeath(t *testing.T) {
	h := NewHub(HubOptions{Container: ffpipe.MP3, HasAudio: true})
	s := h.Subscribe("file", Lossless{})
	run(t, h, programme.Point{}, mp3Frames(0, 2))
	if end := h.End(); end.Sample != 0 {
		t.Fatalf("end %+v", end)
	}
	run(t, h, h.End(), mp3Frames(0, 5))
	h.Close(nil)
	var stream []byte
	for _, f := range drain(t, s, io.EOF) {
		stream = append(stream, f.Data...)
	}
	if !bytes.Equal(stream, mp3Frames(0, 5)) {
		t.Errorf("%d bytes", len(stream))
	}
}

func TestMP3Errors(t *testing.T) {
	other := mp3Frame(0)
	other[2] = 0x94 // 48 kHz
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"another rate":  {other, ErrInitChanged},
		"a change":      {append(mp3Frames(16, 5), other...), ErrMalformed},
		"noise":         {append(mp3Frames(16, 5), make([]byte, 9)...), ErrMalformed},
		"nothing":       {nil, nil},
		"half a header": {mp3Frame(0)[:3], nil},
	} {
		h := NewHub(HubOptions{Container: ffpipe.MP3, HasAudio: true})
		run(t, h, programme.Point{}, mp3Frames(0, 20))
		if err := h.Run(bytes.NewReader(c.b), h.End()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// FuzzAudioHub: whatever an encoder writes, nothing breaks, and time goes on.
func FuzzAudioHub(f *testing.F) {
	f.Add(true, oggPages(f, 1, opusHead, packets(0, 10), packets(10, 3)))
	f.Add(false, mp3Frames(0, 12))
	for i, kind := range []string{"ogg", "mp3"} {
		codec := []string{"libopus", "libmp3lame"}[i]
		b, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=0.5", "-c:a", codec, "-write_xing", "0",
			"-id3v2_version", "0", "-f", kind, "-").Output()
		if err != nil { // ogg knows no -write_xing, and says so without an error
			f.Fatal(err)
		}
		f.Add(kind == "ogg", b)
	}
	f.Fuzz(func(t *testing.T, isOgg bool, b []byte) {
		c := ffpipe.MP3
		if isOgg {
			c = ffpipe.Ogg
		}
		h := NewHub(HubOptions{Container: c, HasAudio: true})
		s := h.Subscribe("file", Lossless{})
		_ = h.Run(bytes.NewReader(b), programme.Point{})
		end := h.End()
		if err := h.Run(bytes.NewReader(b), end); errors.Is(err, ErrRewound) {
			t.Fatalf("not fed from %+v: %v", end, err)
		}
		h.Close(nil)
		var at int64
		for f, err := s.Next(t.Context()); err == nil; f, err = s.Next(t.Context()) {
			if f.AudioStart < at || f.AudioEnd < f.AudioStart {
				t.Fatalf("from %d to %d after %d", f.AudioStart, f.AudioEnd, at)
			}
			at = f.AudioStart
		}
	})
}
