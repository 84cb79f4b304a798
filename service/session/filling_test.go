package session

import (
	"testing"
	"time"
)

func TestFilling(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		name    string
		seconds int
		room    func(second int) int64
		rate    float64 // MB per second
		left    time.Duration
		known   bool
		reserve int64
	}{
		{"nothing is known", 0, func(int) int64 { return 100 * mb }, 0, 0, false, 16 * mb},
		{"too early", 4, func(s int) int64 { return int64(100-s) * mb }, 0, 0, false, 16 * mb},
		{"steady", 10, func(s int) int64 { return int64(136-2*s) * mb }, 2, 40 * time.Second, true, 36 * mb},
		{"it does not fill", 20, func(int) int64 { return 100 * mb }, 0, 0, false, 16 * mb},
		{"somebody makes room", 20, func(s int) int64 { return int64(100+s) * mb }, 0, 0, false, 16 * mb},
		{"only the last seconds count", 100, func(s int) int64 { return int64(1000-10*min(s, 50)) * mb }, 0, 0, false, 16 * mb},
		{"somebody copies a file", 10, func(s int) int64 { return int64(5000-200*s) * mb }, 200, 13320 * time.Millisecond, true, (16 + 320) * mb},
		{"it is full", 30, func(s int) int64 { return int64(30-s) * mb }, 1, 0, true, 26 * mb},
		{"for years", 30, func(s int) int64 { return 1<<50 - int64(s) }, 1.0 / mb, 100 * 24 * time.Hour, true, 16*mb + 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f filling
			at := time.Unix(1_700_000_000, 0)
			for s := range c.seconds + 1 {
				f.add(at.Add(time.Duration(s)*time.Second), c.room(s))
			}
			if rate := f.rate() / mb; rate != c.rate {
				t.Errorf("%f MB/s, want %f", rate, c.rate)
			}
			reserve := f.reserve(16 * mb)
			if reserve != c.reserve {
				t.Errorf("the reserve is %d, want %d", reserve, c.reserve)
			}
			if left, known := f.left(reserve); left.Round(time.Millisecond) != c.left || known != c.known {
				t.Errorf("%v left (%t), want %v (%t)", left, known, c.left, c.known)
			}
			if n := len(f.seen); n > 32 {
				t.Errorf("%d readings are kept", n)
			}
		})
	}
}
