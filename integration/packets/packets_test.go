package packets

import "testing"

func TestFollow(t *testing.T) {
	loop := []string{"a", "b", "b", "c"}
	file := func(hashes string) (found []Unit) {
		for _, h := range hashes {
			found = append(found, Unit{Hash: string(h)})
		}
		return found
	}
	for hashes, want := range map[string]int{"abbcabbc": 0, "bcabb": 0, "bbca": 0, "abbcbb": 1, "cabca": 1, "x": -1, "abx": -1, "": -1} {
		gaps, err := Follow(file(hashes), loop)
		if want < 0 && err == nil || want >= 0 && (err != nil || len(gaps) != want) {
			t.Errorf("%s: %v, %v; want %d gaps", hashes, gaps, err, want)
		}
	}
}
