// Package uploads puts finished files into object stores and loses none.
//
// A [Store] takes one file at a time and returns when it has confirmed it, or
// says by the [Class] of its [Error] what is the matter. A [Queue] keeps every
// file that is still to be uploaded as a debt on disk: it is tried with growing
// pauses for as long as it takes, also by another process after this one was
// killed, and the local copy is removed only after the store has confirmed it.
//
// The invariants: no local copy is removed before its object is confirmed; what
// was added survives a power cut; no error text, log line or plain file on disk
// has a secret in it; one process at a time works on a debt.
//
// The package imports nothing of this module. service/plan makes the targets,
// service/session hands files over, the service runs the queue.
package uploads
