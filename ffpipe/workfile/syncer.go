package workfile

import (
	"sync"
	"time"
)

// DefaultInterval is how often a [Syncer] makes appended data durable.
const DefaultInterval = time.Second

// Syncer makes dirty work files durable, all of one file system in one go. It
// has a goroutine while files are open. Use one Syncer per file system: syncing
// many files of one device at once is no faster and disturbs it more. The zero
// Syncer is ready for use.
type Syncer struct {
	Interval time.Duration // 0 = DefaultInterval; set before first use

	mu    sync.Mutex
	files map[*Writer]struct{}
	stop  chan struct{} // closed to end the goroutine, nil when there is none
	done  chan struct{} // closed by the goroutine
}

func (s *Syncer) add(w *Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[*Writer]struct{}{}
	}
	s.files[w] = struct{}{}
	if s.stop == nil {
		s.stop, s.done = make(chan struct{}), make(chan struct{})
		go s.run(s.stop, s.done)
	}
}

// remove forgets a file; with the last one it waits for the goroutine's end.
func (s *Syncer) remove(w *Writer) {
	s.mu.Lock()
	delete(s.files, w)
	var done chan struct{}
	if len(s.files) == 0 && s.stop != nil {
		close(s.stop)
		done = s.done
		s.stop, s.done = nil, nil
	}
	s.mu.Unlock()
	if done != nil {
		<-done
	}
}

func (s *Syncer) run(stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	interval := s.Interval
	if interval <= 0 {
		interval = DefaultInterval
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			s.syncAll()
		}
	}
}

// syncAll syncs what is dirty. No lock that an append takes is held meanwhile.
func (s *Syncer) syncAll() {
	s.mu.Lock()
	files := make([]*Writer, 0, len(s.files))
	for w := range s.files {
		files = append(files, w)
	}
	s.mu.Unlock()
	for _, w := range files {
		w.sync()
	}
}
