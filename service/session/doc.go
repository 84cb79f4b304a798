// Package session runs one egress from its accepted plan to its one terminal status.
//
// A Session is one goroutine that owns the egress' state. Everything that blocks (starting Chrome,
// loading the page, finalising the file) runs beside it, so that Stop and Info are answered at once.
// It knows no message bus: the service and `ffegress record` run the same code and differ only in
// what they do with the updates.
//
// States and the transitions that are allowed (see state.go, which enforces them):
//
//	STARTING → ACTIVE, ABORTED, FAILED, LIMIT_REACHED
//	ACTIVE   → ENDING, FAILED, LIMIT_REACHED
//	ENDING   → COMPLETE, FAILED, LIMIT_REACHED
//
// COMPLETE, FAILED, ABORTED and LIMIT_REACHED absorb: nothing follows them.
package session
