package session

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/ffegress/ffegress/outputs"
)

// outlet is one output of an egress and where EgressInfo tells of it.
type outlet struct {
	name   string // for the log: "file", "segments", …
	output outputs.Output
	report report
	// spare says that the egress goes on without this output, should it fail by itself.
	spare bool
	// ship gets what was made to its store, and notes there where it is; nil = it is where it was made.
	ship func(context.Context, *outputs.Result) error

	// Set by finish.
	result outputs.Result
	err    error
}

// report is an output's part of the EgressInfo. It is written by the session's goroutine only.
type report interface {
	// started tells when the media began.
	started(zero time.Time)
	// progress tells what there is so far.
	progress(outputs.Result)
	// ended tells what was made.
	ended(outputs.Result)
}

// finish ends the output and keeps what it tells.
func (o *outlet) finish(ctx context.Context, log *slog.Logger) {
	o.err = contain(log, func() (err error) {
		o.result, err = o.output.Finish(ctx)
		if o.ship != nil {
			err = errors.Join(err, o.ship(ctx, &o.result))
		}
		return err
	})
}

// discard has finish throw away what is not delivered yet.
func (o *outlet) discard() {
	if d, ok := o.output.(interface{ Discard() }); ok {
		d.Discard()
	}
	o.ship = nil
}

// leftover tells that the output has something in the work dir that is worth another try. What could not be uploaded is
// a debt by now; a file that is in its place ended early and is no leftover.
func (o *outlet) leftover() bool {
	if _, file := o.report.(fileReport); file && o.result.Path != "" {
		return false
	}
	return o.err != nil && !errors.Is(o.err, outputs.ErrNothing) && !errors.Is(o.err, errLeft) && !isUpload(o.err)
}
