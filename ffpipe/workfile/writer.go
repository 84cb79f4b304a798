package workfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Writer appends to one work file. Append and Close are for one goroutine; the
// Syncer works beside it.
type Writer struct {
	file   File
	syncer *Syncer

	mu    sync.Mutex
	size  int64
	dirty bool
	err   error // once set, every Append returns it

	syncing sync.Mutex // held during a sync, so that Close can wait for it
}

// Create makes a new work file in an existing directory and makes its name
// durable. An existing file is fs.ErrExist. With a nil Syncer data is synced
// by Close only.
func Create(fs FS, s *Syncer, path string) (*Writer, error) {
	file, err := fs.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create work file: %w", err)
	}
	if err := fs.SyncDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("sync directory of work file: %w", errors.Join(err, file.Close(), fs.Remove(path)))
	}
	w := &Writer{file: file, syncer: s}
	if s != nil {
		s.add(w)
	}
	return w, nil
}

// Append writes p, which should be a whole fragment, at the end. It returns
// when the system has the data; the Syncer makes it durable later. If p cannot
// be written whole (the disk is full, say), what was written of it is cut off
// again, so the file stays whole, and a later Append may succeed. A failed sync
// is final: which data it lost cannot be known.
func (w *Writer) Append(p []byte) error {
	w.mu.Lock()
	err, size := w.err, w.size
	w.mu.Unlock()
	if err != nil {
		return err
	}
	n, err := w.file.Write(p)

	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.size += int64(n)
		w.dirty = true
		return nil
	}
	err = fmt.Errorf("append to work file: %w", err)
	if n > 0 {
		w.dirty = true
		if cut := w.file.Truncate(size); cut != nil {
			err = fmt.Errorf("%w (and cut off the torn end: %w)", err, cut)
			w.err = err
		}
	}
	return err
}

// Size is how many bytes were appended.
func (w *Writer) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// Close makes everything durable and closes the file. Its error means that the
// end of the file may be lost in a power cut.
func (w *Writer) Close() error {
	w.mu.Lock()
	if errors.Is(w.err, os.ErrClosed) {
		w.mu.Unlock()
		return nil
	}
	w.mu.Unlock()
	if w.syncer != nil {
		w.syncer.remove(w)
	}
	w.sync()
	w.syncing.Lock() // a sync that the Syncer began before remove
	defer w.syncing.Unlock()
	closeErr := w.file.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.err
	w.err = fmt.Errorf("work file: %w", os.ErrClosed)
	if err == nil && closeErr != nil {
		err = fmt.Errorf("close work file: %w", closeErr)
	}
	return err
}

// sync makes durable what was appended before it began.
func (w *Writer) sync() {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	w.mu.Lock()
	due := w.dirty && w.err == nil
	if due {
		w.dirty = false
	}
	w.mu.Unlock()
	if !due {
		return
	}
	if err := w.file.Sync(); err != nil {
		w.mu.Lock()
		if w.err == nil {
			w.err = fmt.Errorf("sync work file: %w", err)
		}
		w.mu.Unlock()
	}
}
