package lease

import (
	"testing"
	"time"
)

// TestLink: what is heard of Redis, second by second: + an answer, - none, . nothing.
func TestLink(t *testing.T) {
	times := Times{Lapse: 3 * time.Second, Healthy: 5 * time.Second}
	for _, c := range []struct {
		heard string
		want  bool
	}{
		{"", false},
		{"+", false},
		{"+++++", false},
		{"++++++", true},
		{"+.+.+.+", true},
		{"++++++-", false},
		{"++++++-+++++", false},
		{"++++++-++++++", true},
		{"++++++...", true},
		{"++++++....", false},     // it does not answer now
		{"++++++...+", false},     // it stood still
		{"++++++...+++++", false}, // and is not good for long enough
		{"++++++...++++++", true},
	} {
		l := NewLink(times)
		now := time.Unix(1000, 0)
		for _, h := range c.heard {
			now = now.Add(time.Second)
			switch h {
			case '+':
				l.good(now)
			case '-':
				l.bad()
			}
		}
		if got := l.Healthy(now); got != c.want {
			t.Errorf("%q: healthy %v, want %v", c.heard, got, c.want)
		}
	}
}
