package sound

import "testing"

func TestSamplesFollowDrift(t *testing.T) {
	for _, ppm := range []int64{-200, 200} {
		s := &Samples{}
		var worst int64
		for n := int64(0); n < 90000; n++ { // 30 min
			want := 960*n + 960*n*ppm/1_000_000
			at, adjust, cut := s.Place(want, 0, 960)
			if cut || adjust < -1 || adjust > 1 {
				t.Fatalf("block %d: cut %t, adjust %d", n, cut, adjust)
			}
			worst = max(worst, at-want, want-at)
		}
		if worst > steerOn+1 {
			t.Errorf("%d ppm: %d samples off", ppm, worst)
		}
		if got, _ := s.Corrections(); got < 17000 || got > 17600 {
			t.Errorf("%d ppm: %d samples adjusted, want 17280", ppm, got)
		}
	}
}

func TestSamplesPlace(t *testing.T) {
	type call struct {
		want, skipped int64
		n             int
		at            int64
		adjust        int
		cut           bool
	}
	for name, calls := range map[string][]call{
		"one after the other":      {{100, 0, 960, 100, 0, false}, {1060, 0, 960, 1060, 0, false}},
		"jitter of the clock":      {{0, 0, 960, 0, 0, false}, {965, 0, 960, 960, 0, false}, {1915, 0, 960, 1920, 0, false}},
		"off by more":              {{0, 0, 960, 0, 0, false}, {980, 0, 960, 960, 1, false}, {1941, 0, 960, 1921, 1, false}},
		"a lost packet":            {{0, 0, 960, 0, 0, false}, {1930, 960, 960, 1920, 0, false}},
		"a pause sets it anew":     {{0, 0, 960, 0, 0, false}, {50300, 49040, 960, 50300, 0, false}},
		"a jump is followed":       {{0, 0, 960, 0, 0, false}, {9600, 0, 960, 9600, 0, true}},
		"a jump back too":          {{48000, 0, 960, 48000, 0, false}, {9600, 0, 960, 9600, 0, true}},
		"nothing is made of 1":     {{0, 0, 1, 0, 0, false}, {100, 0, 1, 1, 0, false}},
		"before zero":              {{-500, 0, 960, -500, 0, false}, {460, 0, 960, 460, 0, false}},
		"a pause does not go back": {{0, 0, 960, 0, 0, false}, {900, 5000, 960, 900, 0, true}},
	} {
		s := &Samples{}
		for i, c := range calls {
			at, adjust, cut := s.Place(c.want, c.skipped, c.n)
			if at != c.at || adjust != c.adjust || cut != c.cut {
				t.Errorf("%s: call %d gives %d, %d, %t, want %d, %d, %t", name, i, at, adjust, cut, c.at, c.adjust, c.cut)
			}
		}
	}
}

func FuzzSamples(f *testing.F) {
	f.Add(int64(0), int64(960), int64(3000), 960)
	f.Fuzz(func(t *testing.T, a, b, c int64, n int) {
		s := &Samples{}
		n = max(0, min(n, 5760))
		for _, want := range []int64{a, b, c} {
			want %= 1 << 50
			at, adjust, _ := s.Place(want, 0, n)
			if d := at - want; d > steerReach || d < -steerReach {
				t.Fatalf("placed %d, wanted at %d", at, want)
			}
			if adjust < -1 || adjust > 1 {
				t.Fatalf("adjust %d", adjust)
			}
		}
	})
}
