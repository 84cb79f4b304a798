// Package journal writes down what comes of the tracks of a room, so that another process can compose what this one
// still held when it was killed.
//
// A journal is a file of records, each with its length and its checksum, in the order in which they happened. It is only
// ever appended to; what a dead process or a power cut has torn ends it. [Log] writes it from a goroutine of its own:
// whoever tells it something never waits for a disk. It is bounded, and given up when the bound is reached, which costs
// nobody anything but the chance to compose the end again.
//
// Package rtpfeed/compose tells it what comes and composes it again; service/session owns the file.
package journal
