package feed

import (
	"context"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// TestSample runs a sample of the acceptance against real servers. Figures are printed always.
func TestSample(t *testing.T) {
	for _, c := range Sample() {
		t.Run(c.ID, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			var o accept.Outcome
			err := c.Run(ctx, &o)
			for _, f := range o.Figures {
				t.Logf("%s: %s", f.Name, f.Value)
			}
			for _, m := range o.Missed {
				t.Errorf("missed: %s", m)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	loop := []string{"a", "b", "b", "c"}
	file := func(hashes string) (found []unit) {
		for _, h := range hashes {
			found = append(found, unit{hash: string(h)})
		}
		return found
	}
	for hashes, want := range map[string]int{"abbcabbc": 0, "bcabb": 0, "bbca": 0, "abbcbb": 1, "cabca": 1, "x": -1, "abx": -1, "": -1} {
		gaps, err := follow(file(hashes), loop)
		if want < 0 && err == nil || want >= 0 && (err != nil || len(gaps) != want) {
			t.Errorf("%s: %v, %v; want %d gaps", hashes, gaps, err, want)
		}
	}
}
