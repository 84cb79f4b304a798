package lab

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ffegress/ffegress/integration/accept"
)

func TestFootprintsMayGrowALittle(t *testing.T) {
	before := Footprint{Goroutines: 100, Files: 20, Processes: 1, PSS: 80 << 20}
	for name, c := range map[string]struct {
		change func(f *Footprint)
		missed int
	}{
		"the same":        {func(*Footprint) {}, 0},
		"less":            {func(f *Footprint) { f.PSS /= 2 }, 0},
		"a little more":   {func(f *Footprint) { f.Goroutines += 5 }, 0},
		"too much":        {func(f *Footprint) { f.Goroutines += 6 }, 1},
		"anything at all": {func(f *Footprint) { f.Bytes++; f.Processes++ }, 2},
	} {
		after, o := before, &accept.Outcome{}
		c.change(&after)
		if judgeFootprints(o, before, after); len(o.Missed) != c.missed {
			t.Errorf("%s: missed %q", name, o.Missed)
		}
	}
}

func TestBytesBelow(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a": 3, "sub/b": 4, ".browsers-1/c": 50, "sub/ffegress-2/d": 60} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := bytesBelow(dir); err != nil || n != 7 {
		t.Errorf("%d, %v", n, err)
	}
}
