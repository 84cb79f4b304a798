package uploads

import "context"

// Object is a file to be put into a store.
type Object struct {
	Key         string // whole, without a leading slash in object stores
	File        string // path on this machine; it must not change meanwhile
	ContentType string

	// State is what an earlier, interrupted Put of the same file told to Save; nil = there was none. A store may go
	// on from there.
	State []byte
	// Save is told a state that is worth keeping, by one goroutine at a time; nil = nobody keeps it.
	Save func(state []byte)
}

// Store is a place for objects. Its methods may be called by several goroutines. All errors are of type *Error, but
// for those of a ctx that has ended.
type Store interface {
	// Name is the provider as error texts call it: "S3", "Local".
	Name() string
	// Put uploads the file, replaces what has the key, and returns when the store has confirmed size and checksum.
	Put(ctx context.Context, o Object) error
	// Probe finds out whether an object of that key could be put, and leaves none. A store where that cannot be
	// tried passes.
	Probe(ctx context.Context, key string) error
	// Locate is where the object is to be had: a URL, presigned if the target wants that, or a path.
	Locate(ctx context.Context, key string) (string, error)
	// Close releases connections.
	Close()
}
