package session

import (
	"testing"
	"time"
)

func TestGap(t *testing.T) {
	zero := time.Unix(100, 0)
	at := func(s float64) time.Time { return zero.Add(time.Duration(s * float64(time.Second))) }
	for _, c := range []struct {
		name  string
		tell  func(*gap)
		video bool
		want  string
	}{
		{"none", func(g *gap) { g.begin(zero) }, true, ""},
		{"before the recording", func(g *gap) {
			g.open("page", at(-3))
			g.close(at(-1), true)
			g.begin(zero)
		}, true, ""},
		{"into the recording", func(g *gap) {
			g.open("page", at(-3))
			g.begin(zero)
			g.close(at(1), true)
		}, true, "Page restarted once (page lost), picture held for 1.0 s"},
		{"sound only", func(g *gap) {
			g.begin(zero)
			g.open("pulseaudio", at(3))
			g.close(at(5.2), true)
			g.close(at(9), false)
		}, false, "Page restarted once (pulseaudio lost), silent for 2.2 s"},
		{"until the end", func(g *gap) {
			g.begin(zero)
			g.open("xvfb", at(3))
			g.open("chromium", at(4))
			g.close(at(4.5), false)
		}, true, "Page lost (xvfb) and not restarted, picture held for 1.5 s"},
	} {
		var g gap
		c.tell(&g)
		if got := g.text(c.video); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
