package uploads

import (
	"strings"
	"time"
)

// Backlog is what one egress still owes.
type Backlog struct {
	Files     int       `json:"files"`
	Playlists int       `json:"playlists"` // of the files
	Bytes     int64     `json:"bytes"`
	Oldest    time.Time `json:"oldest"` // when the oldest of them was added
	Tries     int       `json:"tries"`  // that failed, of those files
}

// Backlog tells by egress what is owed; an egress that owes nothing is not in it.
func (q *Queue) Backlog() map[string]Backlog {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := map[string]Backlog{}
	for _, e := range q.debts {
		if !e.open() {
			continue
		}
		b := all[e.debt.Egress]
		b.Files, b.Bytes, b.Tries = b.Files+1, b.Bytes+e.debt.Size, b.Tries+e.debt.Tries
		if strings.HasSuffix(e.debt.ContentType, "mpegurl") {
			b.Playlists++
		}
		if b.Oldest.IsZero() || e.debt.Added.Before(b.Oldest) {
			b.Oldest = e.debt.Added
		}
		all[e.debt.Egress] = b
	}
	return all
}
