package compose

import "github.com/ffegress/ffegress/rtpfeed"

// chain lets through what can be decoded: from a keyframe on, as long as nothing is missing. Decoders would make smeared
// pictures of the rest, or grey ones, without a word.
type chain struct {
	whole   bool
	dropped int64
	breaks  int64
}

// take tells whether the unit may be decoded.
func (c *chain) take(u *rtpfeed.Unit) bool {
	switch {
	case u.Keyframe:
		c.whole = true
	case u.Lost > 0:
		c.cut()
	}
	if !c.whole {
		c.dropped++
	}
	return c.whole
}

// cut says that something is missing from here on.
func (c *chain) cut() {
	if c.whole {
		c.breaks++
	}
	c.whole = false
}
