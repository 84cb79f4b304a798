package session

import (
	"context"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// EventKind says what a Source tells.
type EventKind int

// The events of a source, in the order in which they can come.
const (
	EventStarted  EventKind = iota // recording may begin
	EventEnded                     // the source is over: a normal end
	EventFailed                    // the source broke: Event.Err says what
	EventLost                      // the source broke at Event.At and is being restarted: Event.Part says what
	EventRestored                  // its media goes on from Event.At
)

// Event is something that a source tells its session.
type Event struct {
	Kind EventKind
	Err  error
	Part string
	At   time.Time
}

// Source is where media comes from.
type Source interface {
	// Open prepares the source until its media could flow. The error is told to the user.
	Open(ctx context.Context) error
	// Events is where started, ended and failed are told. It is never closed.
	Events() <-chan Event
	// Close releases all that the source holds. It may be called after a failed Open.
	Close(ctx context.Context) error
}

// ProgrammeSource is a Source whose media makes a programme.
type ProgrammeSource interface {
	Source
	// Begin lets the media flow into p and starts p's timeline at the instant returned.
	Begin(p *programme.Programme) (zero time.Time, err error)
	// End stops the media; the source stays open.
	End()
}
