package outputs

import (
	"context"
	"time"
)

// Output is what a session drives, whatever it writes to. Each has its own
// queue in front of it, so that one that is slow, fails or is finished early
// costs the others nothing.
type Output interface {
	// Start begins to take what comes. Its error is that the output can not work
	// at all; then nothing else may be called.
	Start(ctx context.Context) error
	// Begin tells which moment the timeline's zero is. It is called once, when
	// the programme begins; the first media may come an instant before it.
	Begin(zero time.Time)
	// Done closes when the output has failed by itself. It still wants Finish.
	Done() <-chan struct{}
	// Progress is what was made so far. It may be called at any time, from any
	// goroutine.
	Progress() Result
	// Finish is called once, after the programme's end or Done. It saves what there
	// is and tells it. A Result is valid beside an error too: then a part was
	// saved, and the error says why it is no more than that. The end of ctx
	// hurries, also before the programme's end: the output then delivers what it
	// can at once.
	Finish(ctx context.Context) (Result, error)
}

// Result is what an output has made. What does not apply to it is zero.
type Result struct {
	Path     string        // of a file, or of the playlist; "" = nothing
	LivePath string        // of the live playlist
	Began    time.Time     // of the media, where that is known better than when it began
	Size     int64         // bytes, of all segments together
	Count    int64         // of segments or images
	Duration time.Duration // of the media
	Note     string        // what a client should be told beside success
}
