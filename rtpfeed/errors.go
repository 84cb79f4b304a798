package rtpfeed

import (
	"errors"
	"fmt"
)

// What a room may end with. The texts are told to clients.
var (
	// ErrEncrypted: what is encrypted end to end can not be recorded.
	ErrEncrypted = errors.New("track is encrypted")
	// ErrEvicted: somebody else joined with this identity, which is the egress' id.
	ErrEvicted = errors.New("another worker has taken over this egress")
	// ErrConnection: the room was lost and could not be joined again. LiveKit Egress' text.
	ErrConnection = errors.New("recording ended early: connection to room failed")
)

// NotFoundError tells what did not come in time.
type NotFoundError struct{ Kind, Name string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("%s %s not found", e.Kind, e.Name) }

// FieldError names a field of the request that asks for the wrong kind of track.
type FieldError struct{ Field string }

func (e *FieldError) Error() string {
	return "request has missing or invalid field: " + e.Field
}

// CodecError says that a track can not be read.
type CodecError struct{ Err error }

func (e *CodecError) Error() string { return e.Err.Error() }
func (e *CodecError) Unwrap() error { return e.Err }
