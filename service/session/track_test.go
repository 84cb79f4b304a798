package session

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/plan"
)

// fakeTail is a track's sink that is whole when told.
type fakeTail struct {
	rtpfeed.Sink
	whole chan struct{}
}

func (f fakeTail) End(time.Time)                   {}
func (f fakeTail) Stats() rtpfeed.PassthroughStats { return rtpfeed.PassthroughStats{} }
func (f fakeTail) Whole() <-chan struct{}          { return f.whole }

// TestTrackAwaitsItsTail: no longer than until it is there, can not come any more, or has been awaited long enough.
func TestTrackAwaitsItsTail(t *testing.T) {
	const soon = 30 * time.Millisecond
	for name, c := range map[string]struct {
		ends func(tail, left, over chan struct{}) chan struct{} // what is closed soon
		want time.Duration
	}{
		"whole":    {func(tail, _, _ chan struct{}) chan struct{} { return tail }, soon},
		"left":     {func(_, left, _ chan struct{}) chan struct{} { return left }, soon},
		"broken":   {func(_, _, over chan struct{}) chan struct{} { return over }, soon},
		"for ever": {func(_, _, _ chan struct{}) chan struct{} { return make(chan struct{}) }, tailWait},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newTrackRecording(&plan.Plan{}, nil, slog.New(slog.DiscardHandler))
			tail, left := make(chan struct{}), make(chan struct{})
			r.sink = fakeTail{whole: tail}
			ends := c.ends(tail, left, r.over)
			go func() { time.Sleep(soon); close(ends) }()
			began := time.Now()
			r.tail(left)
			if took := time.Since(began); took != c.want {
				t.Errorf("%s: took %v, want %v", name, took, c.want)
			}
			r.end()
			time.Sleep(soon)
		})
	}
}
