package outputs

import (
	"errors"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// errSilent is the death of an encoder that took input, or was offered it, and
// gave nothing for too long.
var errSilent = errors.New("encoder gives no output")

const (
	stallTimeout = 10 * time.Second
	// stallFrames is more than x264 looks ahead: at a very low frame rate that
	// alone takes longer than the timeout.
	stallFrames = 60
)

// output is what an encoder has given so far. Frames count as well as bytes: a
// slow encoder is not a dead one.
type output struct{ bytes, frames int64 }

// stallWatch finds an encoder that has stopped working. It is told the state of
// things every now and then.
type stallWatch struct {
	timeout time.Duration
	since   time.Time // last sign of life, or of having nothing to do
	output  output
	written programme.Point
}

// newStallWatch begins to watch; a timeout of 0 is ten seconds.
func newStallWatch(timeout time.Duration, fps int, now time.Time) *stallWatch {
	w := &stallWatch{timeout: timeout, since: now}
	if timeout > 0 {
		return w
	}
	w.timeout = stallTimeout
	if fps > 0 {
		w.timeout = max(w.timeout, stallFrames*time.Second/time.Duration(fps))
	}
	return w
}

// stalled says whether the encoder has given nothing for the timeout, though
// input was taken or is waiting. ended means that the whole programme is
// written: then output has to come whatever the input does.
func (w *stallWatch) stalled(now time.Time, out output, in programme.FeedStats, ended bool) bool {
	waiting := in.LagFrames > 0 || in.Samples > in.Written.Sample
	idle := !waiting && !ended && in.Written == w.written
	if out != w.output || idle {
		w.since = now
	}
	w.output, w.written = out, in.Written
	return now.Sub(w.since) >= w.timeout
}
