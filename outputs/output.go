package outputs

import (
	"context"
	"time"
)

// Output is what a session drives, whatever it writes to.
type Output interface {
	// Start begins. Its error is that the output can not work at all; then
	// Finish must not be called.
	Start(ctx context.Context) error
	// Done closes when the output has failed by itself. It still wants Finish.
	Done() <-chan struct{}
	// Finish is called once, after the hub was closed or Done. It saves what
	// there is and tells it. A Result with a Path is valid beside an error too:
	// then a part was saved, and the error says why it is no more than that.
	// The end of ctx hurries: the output then delivers what it can at once.
	Finish(ctx context.Context) (Result, error)
}

// Result is what an output has made.
type Result struct {
	Path           string        // "" = nothing
	Size           int64         // bytes
	Started, Ended time.Time     // of the media, set by the session
	Duration       time.Duration // of the media
	Note           string        // what a client should be told beside success
}
