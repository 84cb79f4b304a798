package uploads

import (
	"errors"
	"fmt"
)

// Class says what kind of trouble a store has.
type Class int

const (
	// Transient may pass by itself: the network, an overloaded or broken server, a time-out.
	Transient Class = iota
	// Refused is wrong or missing credentials, or a lack of permission.
	Refused
	// Missing is a bucket that does not exist.
	Missing
	// Full is a quota or disk without room.
	Full
	// Invalid is a request that this store can never grant: a bad key, tag, endpoint.
	Invalid
	// Lost is a local file that is not there or not as it was.
	Lost
)

var classNames = [...]string{"transient", "refused", "missing bucket", "full", "invalid", "lost"}

func (c Class) String() string {
	if c < 0 || int(c) >= len(classNames) {
		return fmt.Sprintf("Class(%d)", int(c))
	}
	return classNames[c]
}

// Error is what a store answers. Its text is for the user and has no secret in it.
type Error struct {
	Store  string // provider
	Class  Class
	Reason string // the store's own words
	Err    error  // what is underneath, for errors.Is; its text is not for users
	Backup *Error // what the backup answered after that; nil = there is none
}

// Error is "S3 upload failed: " and the reason, as LiveKit Egress says it. With a backup both are listed.
func (e *Error) Error() string {
	text := e.Store + " upload failed: " + e.Reason
	if e.Backup == nil {
		return text
	}
	return "primary: " + text + "\nbackup: " + e.Backup.Error()
}

// Reasons are the stores' own words in one line.
func (e *Error) Reasons() string {
	if e.Backup == nil {
		return e.Reason
	}
	return e.Reason + "; backup: " + e.Backup.Reason
}

func (e *Error) Unwrap() error { return e.Err }

// ClassOf is the class of a store's error; Transient for any other.
func ClassOf(err error) Class {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	return Transient
}

// Definite tells an answer that will be the same in a minute from trouble that may pass: such a request can be
// failed at once.
func Definite(err error) bool {
	switch ClassOf(err) {
	case Refused, Missing, Invalid:
		return true
	}
	return false
}
