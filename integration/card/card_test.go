package card

import (
	"math"
	"testing"
)

func TestReadBack(t *testing.T) {
	for _, size := range [][2]int{{640, 360}, {160, 90}, {360, 640}, {480, 360}, {1280, 720}} {
		for id := range IDs {
			p, err := NewPainter(id, PhaseOf(id, IDs), size[0], size[1], BT601)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{0, 1, 29, 30, 31, 511, 599} {
				pic, err := NewPicture(size[0], size[1], p.Frame(n))
				if err != nil {
					t.Fatal(err)
				}
				got, ok := Read(pic, pic.All())
				lit := (n-PhaseOf(id, IDs)+FPS)%FPS < FlashFrames
				if !ok || got.ID != id || got.Frame != n || got.White() != lit {
					t.Fatalf("%v id %d frame %d: read %+v %v, lit should be %v", size, id, n, got, ok, lit)
				}
				for i, c := range ReadBars(pic, pic.All()) {
					want := Bars[i].YUV(BT601)
					if d := max(math.Abs(c.Y-want.Y), math.Abs(c.U-want.U), math.Abs(c.V-want.V)); d > 0.5 {
						t.Errorf("%v bar %d reads %v, want %v", size, i, c, want)
					}
				}
			}
		}
	}
}

func TestOneWrongBlockIsNoReading(t *testing.T) {
	for _, n := range []int{0, 77, 599} {
		good := encode(3, n)
		if id, frame, ok := decode(good); !ok || id != 3 || frame != n {
			t.Fatalf("frame %d decodes as %d %d %v", n, id, frame, ok)
		}
		for b := range counterColumns * counterRows {
			if _, _, ok := decode(good ^ 1<<b); ok {
				t.Errorf("frame %d with bit %d flipped passes the check", n, b)
			}
		}
	}
	for _, flat := range []uint32{0, 1<<20 - 1} {
		if _, _, ok := decode(flat); ok {
			t.Errorf("the flat strip %x passes the check", flat)
		}
	}
}

func TestColoursAreApart(t *testing.T) {
	far := func(a, b YUV) float64 { return math.Hypot(a.U-b.U, a.V-b.V) }
	for i := range Identities {
		a := Identity(i).YUV(BT709)
		for j := range i {
			if d := far(a, Identity(j).YUV(BT709)); d < 28 {
				t.Errorf("identities %d and %d are only %.0f apart", i, j, d)
			}
		}
		for j, c := range Bars {
			if d := far(a, c.YUV(BT709)); d < 28 {
				t.Errorf("identity %d and bar %d are only %.0f apart", i, j, d)
			}
		}
	}
}

func TestKnownColour(t *testing.T) {
	if got := (RGB{255, 0, 0}).YUV(BT709); math.Round(got.Y) != 0x3f && math.Round(got.Y) != 0x3e {
		t.Errorf("red in BT.709 has Y %.1f, want 62.6", got.Y)
	}
	if got := (RGB{255, 0, 0}).YUV(BT601); math.Round(got.Y) != 81 {
		t.Errorf("red in BT.601 has Y %.1f, want 81", got.Y)
	}
}

func TestBeepStartsAtTheFlash(t *testing.T) {
	phase := PhaseOf(1, 3)
	onset := phase * SampleRate / FPS
	if phase != 10 || Beeping(phase, onset-1) || !Beeping(phase, onset) || Beeping(phase, onset+BeepSamples) {
		t.Fatalf("phase %d: beep does not start at sample %d", phase, onset)
	}
	if Sample(1, phase, onset-1) != 0 || Sample(1, phase, onset+LoopSamples+2000) != Sample(1, phase, onset+2000) {
		t.Error("sound is not silent before its onset, or does not repeat with the loop")
	}
}
