package outputs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// ledgerFile is the ledger's name in the work folder of an output.
const ledgerFile = "ledger"

// ledger is what an output of many files writes down beside them, so that another process can go on where this one was
// killed. It has a line for each step. An output does not fail for want of it: what can not be written down can not be
// resumed, and that is all.
type ledger struct {
	fs     workfile.FS
	syncer *workfile.Syncer
	path   string
	log    *slog.Logger

	mu     sync.Mutex
	writer *workfile.Writer
	failed bool
}

// step is a line of it. Which fields it has says what has happened.
type step struct {
	Number int64 `json:"n"`
	// It was begun, or is there whole where it takes no time.
	Name  string    `json:"name,omitempty"`
	At    time.Time `json:"at,omitzero"`
	Start int64     `json:"start,omitempty"` // in the cutter's units
	Jump  bool      `json:"jump,omitempty"`
	// It is whole.
	Duration time.Duration `json:"duration,omitempty"`
	// It is MPEG-TS, whose next packets have these numbers.
	Next map[uint16]byte `json:"next,omitempty"`
	// It was delivered and told.
	Told bool  `json:"told,omitempty"`
	Size int64 `json:"size,omitempty"`
	// There will be no more.
	Whole bool `json:"whole,omitempty"`
}

// note adds a line. The file is made by the first.
func (l *ledger) note(s step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed {
		return
	}
	line, err := json.Marshal(s)
	if err == nil && l.writer == nil {
		l.writer, err = workfile.Create(l.fs, l.syncer, l.path)
	}
	if err == nil {
		err = l.writer.Append(append(line, '\n'))
	}
	if err != nil {
		l.failed = true
		l.log.Warn("what was made is not written down: were this process killed, it would not be found", "err", err)
	}
}

// close ends it; with remove nobody will need it.
func (l *ledger) close(remove bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writer == nil {
		return nil
	}
	err := l.writer.Close()
	if remove {
		err = errors.Join(err, l.fs.Remove(l.path))
	}
	l.writer, l.failed = nil, true
	return err
}

// readLedger reads the ledger of a dead process up to its end, or to where that is torn. Without one, or with an empty
// one, the error is ErrNothing. The steps of each number are put together.
func readLedger(fs workfile.FS, work string) (all []step, whole bool, err error) {
	raw, err := readAll(fs, filepath.Join(work, ledgerFile))
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrNothing, err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s step
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			break
		}
		switch {
		case s.Whole:
			whole = true
		case s.Name != "" && s.Number == int64(len(all)):
			all = append(all, s)
		case s.Name == "" && s.Number >= 0 && s.Number < int64(len(all)):
			all[s.Number].add(s)
		default:
			return nil, false, fmt.Errorf("%w: line about number %d of %d", ErrMalformed, s.Number, len(all))
		}
	}
	if len(all) == 0 {
		return nil, whole, ErrNothing
	}
	return all, whole, nil
}

func (s *step) add(later step) {
	if later.Duration > 0 {
		s.Duration = later.Duration
	}
	if later.Next != nil {
		s.Next = later.Next
	}
	if later.Told {
		s.Told, s.Size = true, later.Size
	}
}

func readAll(fs workfile.FS, path string) (raw []byte, err error) {
	file, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(file, 0, size))
}

// isThere tells whether there is a file to be opened.
func isThere(fs workfile.FS, path string) bool {
	file, err := fs.Open(path)
	if err != nil {
		return false
	}
	_ = file.Close() // it was not written to
	return true
}
