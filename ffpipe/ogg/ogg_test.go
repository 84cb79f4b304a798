package ogg

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os/exec"
	"testing"
)

// real is a stream by ffmpeg.
func real(t testing.TB) []byte {
	t.Helper()
	b, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=1.013:sample_rate=48000", "-c:a", "libopus",
		"-page_duration", "200000", "-f", "ogg", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRealStream(t *testing.T) {
	b := real(t)
	r := bytes.NewReader(b)
	var samples, granule int64
	var skip int64
	for n := uint32(0); ; n++ {
		p, raw, err := Read(r)
		if err == io.EOF {
			break
		}
		if err != nil || p.Sequence != n || p.Open {
			t.Fatalf("page %d: %+v, %v", n, p, err)
		}
		if n == 0 {
			if skip, err = PreSkip(p.Packets[0]); err != nil || p.Flags != First {
				t.Errorf("%d, %v", skip, err)
			}
		}
		if n >= 2 {
			for _, packet := range p.Packets {
				samples += Samples(packet)
			}
			granule = p.Granule
		}
		again, err := p.Append([]byte("x"))
		if err != nil || !bytes.Equal(again[1:], raw) {
			t.Errorf("page %d is written differently (%v)", n, err)
		}
		last := r.Len() == 0
		if last != (p.Flags&Last != 0) {
			t.Errorf("page %d: flags %d", n, p.Flags)
		}
	}
	if skip != 312 || granule != 48624+312 || samples < granule || samples >= granule+960 {
		t.Errorf("pre-skip %d, granule %d, %d samples", skip, granule, samples)
	}
}

// TestPacketsAcrossPages: what a page has only a part of is left out.
func TestPacketsAcrossPages(t *testing.T) {
	long := bytes.Repeat([]byte{1}, 255)
	p := Page{Packets: [][]byte{{1, 2}, long}}
	b, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := Parse(b); err != nil || len(got.Packets) != 2 || len(got.Packets[1]) != 255 || got.Open {
		t.Errorf("%+v, %v", got, err)
	}
	// Without the closing lacing value the long one goes on, and with the flag the short one began before.
	open := append([]byte{}, b[:27]...)
	open[26]--
	open = append(append(open, 2, 255), b[30:]...)
	for _, flags := range []byte{0, Continued} {
		open[5] = flags
		sum := checksum(open)
		open[22], open[23], open[24], open[25] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		got, size, err := Parse(open)
		if err != nil || !got.Open || len(got.Packets) != int(1-flags) || size != len(open) {
			t.Errorf("flags %d: %+v, %v", flags, got, err)
		}
	}
	if _, err := (&Page{Packets: [][]byte{make([]byte, 255*255)}}).Append(nil); err == nil {
		t.Error("a page of 256 segments")
	}
}

func TestDamage(t *testing.T) {
	good, err := (&Page{Packets: [][]byte{{1, 2, 3}}}).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, _, err := Parse(bad); !errors.Is(err, ErrDamaged) {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, _, err := Parse(good[:i]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut at %d: %v", i, err)
		}
		if _, _, err := Read(bytes.NewReader(good[:i])); i > 0 && err != io.ErrUnexpectedEOF || i == 0 && err != io.EOF {
			t.Errorf("read cut at %d: %v", i, err)
		}
	}
	if _, _, err := Read(bytes.NewReader(make([]byte, 100))); !errors.Is(err, ErrDamaged) {
		t.Errorf("zeros: %v", err)
	}
}

// TestSamples has the lengths of RFC 6716, table 2.
func TestSamples(t *testing.T) {
	for packet, want := range map[string]int64{
		"": 0, "00": 480, "08": 960, "10": 1920, "18": 2880, "60": 480, "68": 960, "80": 120, "88": 240, "90": 480, "98": 960,
		"fc": 960, "fd": 1920, "fe": 1920, "ff": 0, "ff03": 2880, "ff83": 2880,
	} {
		b, err := hex.DecodeString(packet)
		if err != nil {
			t.Fatal(err)
		}
		if got := Samples(b); got != want {
			t.Errorf("%s: %d, want %d", packet, got, want)
		}
	}
	for _, head := range []string{"", "OpusHead", "OpusHeaX\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00", "OpusHead\x11\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"} {
		if _, err := PreSkip([]byte(head)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %v", head, err)
		}
	}
}

func FuzzPage(f *testing.F) {
	b := real(f)
	f.Add(b)
	f.Add(b[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, size, err := Parse(b)
		if err != nil {
			return
		}
		if size <= 0 || size > len(b) || size > MaxPage {
			t.Fatalf("size %d of %d", size, len(b))
		}
		_, raw, err := Read(bytes.NewReader(b))
		if err != nil || !bytes.Equal(raw, b[:size]) {
			t.Fatalf("read differently: %v", err)
		}
		if p.Open || p.Flags&Continued != 0 {
			return
		}
		again, err := p.Append(nil)
		if err != nil || !bytes.Equal(again, b[:size]) {
			t.Fatalf("written differently: %v", err)
		}
	})
}
