package browser

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestCauseThatComesLate tells of deaths one after another and expects the most fundamental to be named.
func TestCauseThatComesLate(t *testing.T) {
	type told struct {
		part  part
		after time.Duration // the one before
	}
	cases := map[string]struct {
		told  []told
		cause string
		after time.Duration // the first
	}{
		"one":              {[]told{{partSound, 0}}, "pulseaudio", settleTime},
		"Chromium follows": {[]told{{partChromium, 0}, {partDisplay, settleTime / 2}}, "xvfb", settleTime},
		"Xvfb is told of late": {[]told{{partGrab, 0}, {partChromium, time.Millisecond}, {partDisplay, displayTime}},
			"xvfb", settleTime + displayTime},
		"the connection only": {[]told{{partGrab, 0}}, "screen grab", settleTime + displayTime},
	}
	for name, c := range cases {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			h := newHealth(func() {})
			for _, d := range c.told {
				time.Sleep(d.after)
				h.report(d.part, errors.New("killed"))
			}
			<-h.failed
			took := time.Since(begun)
			h.close()
			var e *PartError
			if !errors.As(h.error(), &e) || e.Part != c.cause || took != c.after {
				t.Errorf("%s: %v after %v", name, h.error(), took)
			}
		})
	}
}
