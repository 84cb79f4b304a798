package programme

import (
	"testing"
	"time"
)

func TestMinFilter(t *testing.T) {
	m := newMinFilter(time.Second, 4)
	if _, ok := m.min(); ok {
		t.Fatal("a minimum of nothing")
	}
	for _, tt := range []struct{ at, value, want time.Duration }{
		{-100 * time.Millisecond, 5, 5},
		{0, 7, 5},
		{200 * time.Millisecond, 3, 3},
		{900 * time.Millisecond, 9, 3},
		{1100 * time.Millisecond, 8, 8}, // the bucket of 3 is gone
		{time.Minute, 20, 20},           // all are
		{time.Second, 19, 19},           // time went back
	} {
		if got := m.add(tt.at, tt.value); got != tt.want {
			t.Errorf("at %v: minimum %v, want %v", tt.at, got, tt.want)
		}
	}
}
