package session

import "time"

// recorder makes the recording of what a source gives: a pipeline encodes a programme.
type recorder interface {
	// begin starts the recording. Its media begins at the instant returned.
	begin() (zero time.Time, err error)
	// broken is closed when the recording can not go on; failure then says why.
	broken() <-chan struct{}
	failure() *ending
	// cut has the recording end at the instant end, at once; stop waits until it has ended, and with it the source's
	// media.
	cut(end time.Time)
	stop()
	// drain is called once after stop. It waits until what was recorded is delivered, which the outlets
	// then tell. The error is the recorder's own.
	drain() error

	// discard has drain throw away what was recorded, so far as it is not delivered yet: another worker records it.
	discard()

	// outlets are what the recording is made into; also those that were removed.
	outlets() []*outlet
	// progress may be asked for from any goroutine.
	progress() Progress
	// note tells what is missing in the recording, "" when nothing is; counts are the same for the log.
	note() string
	counts() []any
}

var _ recorder = (*pipeline)(nil)
