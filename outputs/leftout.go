package outputs

import "time"

// LeftOut tells how much time was cut out before a place of the media, and in how many cuts.
type LeftOut func(at time.Duration) (left time.Duration, cuts int)

// wall is when a place of the media was recorded. There is nothing left out for nil.
func (l LeftOut) wall(zero time.Time, at time.Duration) (time.Time, int) {
	if l == nil {
		return zero.Add(at), 0
	}
	left, cuts := l(at)
	return zero.Add(at + left), cuts
}
