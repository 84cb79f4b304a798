package accept

import "testing"

func TestStolen(t *testing.T) {
	before := parseProcessors("cpu  100 0 50 1000 10 0 5 20 0 0\ncpu0 1 2\n")
	after := parseProcessors("cpu  150 10 80 1500 20 0 15 120 7 0\ncpu0 1 2\n")
	if got := after.share(before); got != 0.5 {
		t.Errorf("%v", got)
	}
	for _, text := range []string{"", "cpu 1 2", "cpu0 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if p := parseProcessors(text); p != (processor{}) {
			t.Errorf("%q: %v", text, p)
		}
	}
	if got := before.share(before); got != 0 {
		t.Errorf("%v", got)
	}
}
