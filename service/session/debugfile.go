package session

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// debugFile is a file of bounded size, which is made when something is written. It never fails: what cannot be written is
// lost, and told of once.
type debugFile struct {
	dir  *debugFiles
	name string
	most int64 // bytes

	mu     sync.Mutex
	file   *os.File
	size   int64
	closed bool
}

// Write implements io.Writer.
func (f *debugFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return len(p), nil
	}
	if err := f.write(p); err != nil {
		f.closed = true
		f.dir.tell(f.name, err)
	}
	return len(p), nil
}

func (f *debugFile) write(p []byte) (err error) {
	if f.file != nil && f.size+int64(len(p)) > f.most {
		if err = f.file.Close(); err != nil {
			return err
		}
		f.file = nil
		at := filepath.Join(f.dir.dir, f.name)
		ext := filepath.Ext(at)
		if err = os.Rename(at, strings.TrimSuffix(at, ext)+"-before"+ext); err != nil {
			return err
		}
	}
	if f.file == nil {
		if f.file, err = f.dir.create(f.name); err != nil {
			return err
		}
		f.size = 0
	}
	n, err := f.file.Write(p)
	f.size += int64(n)
	return err
}

func (f *debugFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
