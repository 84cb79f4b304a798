package workfile

import "io"

// FS is the disk as this package needs it. Errors wrap those of the system, so
// that errors.Is finds ENOSPC, EXDEV and fs.ErrExist. Paths are absolute or
// relative to the process.
type FS interface {
	// Create makes a new file; an existing one is fs.ErrExist.
	Create(name string) (File, error)
	// Open opens an existing file for reading and appending.
	Open(name string) (File, error)
	// Rename replaces what has the new name, atomically.
	Rename(oldName, newName string) error
	Remove(name string) error
	// SyncDir makes creates, renames and removes in a directory durable.
	SyncDir(dir string) error
}

// File is an open file of an [FS]. Write appends at the end, also after
// Truncate.
type File interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Sync() error // makes data and size durable
	Truncate(size int64) error
	Size() (int64, error)
}
