package journal

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// every is how often what was noted is written: what a kill costs.
	every = 50 * time.Millisecond
	// What a journal may come to. It is composed again from memory, and each track's part of it has to fit what a stage
	// lets a track have waiting.
	maxBytes  = 32 << 20
	maxLength = 30 * time.Second
)

// File is what a journal is written to; workfile.Writer is one.
type File interface {
	Append(p []byte) error
	Close() error
}

// Log writes a journal. Its methods may be called from any goroutine, and on nil, which notes nothing.
type Log struct {
	file File
	log  *slog.Logger
	stop chan struct{}
	done chan struct{}
	once sync.Once

	mu      sync.Mutex
	pending []byte
	spare   []byte
	bytes   int64
	first   time.Duration
	begun   bool
	over    bool
}

// Start makes a log of an empty file, which it closes.
func Start(file File, log *slog.Logger) *Log {
	l := &Log{file: file, log: log, stop: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// Note tells of an event. It never waits for the file.
func (l *Log) Note(e *Event) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	if !l.begun {
		l.begun, l.first = true, e.At
	}
	before := len(l.pending)
	l.pending = Append(l.pending, e)
	l.bytes += int64(len(l.pending) - before)
	if l.bytes > maxBytes || e.At-l.first > maxLength {
		l.log.Info("the journal of what is held back is given up", "bytes", l.bytes, "length", e.At-l.first)
		l.end()
	}
}

// end is called locked.
func (l *Log) end() {
	l.over, l.pending, l.spare = true, nil, nil
	l.once.Do(func() { close(l.stop) })
}

// Done closes when the file is closed: after Drop, or because the journal was given up. The file is of no use then.
func (l *Log) Done() <-chan struct{} {
	if l == nil {
		return nil
	}
	return l.done
}

// Drop gives the journal up, because what it is for has been done or must not be. It waits for nothing.
func (l *Log) Drop() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end()
}

func (l *Log) run() {
	defer close(l.done)
	defer func() { _ = l.file.Close() }() // it is of no use any more
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		l.mu.Lock()
		due := l.pending
		l.pending, l.spare = l.spare[:0], nil
		l.mu.Unlock()
		if len(due) > 0 {
			if err := l.file.Append(due); err != nil {
				l.log.Warn("the journal of what is held back cannot be written", "error", err)
				l.mu.Lock()
				l.end()
				l.mu.Unlock()
				return
			}
		}
		l.mu.Lock()
		if !l.over {
			l.spare = due
		}
		l.mu.Unlock()
	}
}
