package uploads

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// perStore is how many files go to one store at once: a store that hangs holds up no other.
	perStore = 3
	// lookEvery is how often marks of other processes are looked for while there is trouble.
	lookEvery = 2 * time.Second
)

// shop is an open store, shared by all debts of its target.
type shop struct {
	target  Target
	busy    int
	opening sync.Mutex // held while the store is made
	store   Store      // nil until the first try; guarded by opening
}

// Run pays debts until ctx ends; then it waits for what is under way to stop. Debts stay on disk.
func (q *Queue) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer q.closeStores()
	defer wg.Wait()
	for {
		next := q.start(ctx, &wg)
		timer := time.NewTimer(next)
		select {
		case <-q.wake:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
		q.readMarks()
	}
}

// start begins what is due and returns how long there is nothing else to do.
func (q *Queue) start(ctx context.Context, wg *sync.WaitGroup) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	wait := time.Hour
	now := time.Now()
	for _, e := range q.inOrder() {
		if d := e.due.Sub(now); d > 0 {
			wait = min(wait, d, lookEvery)
			continue
		}
		s := q.places(e)[0].shop
		if s.busy >= perStore || q.sameKeyBefore(e) {
			continue // woken when the other is done
		}
		s.busy++
		e.running = true
		wg.Go(func() { q.try(ctx, e, s) })
	}
	if len(q.debts) == 0 {
		q.dropStores()
	}
	return wait
}

// inOrder are the debts that are owed and not being paid, oldest first; called locked.
func (q *Queue) inOrder() []*entry {
	list := make([]*entry, 0, len(q.debts))
	for _, e := range q.debts {
		if e.open() && !e.running {
			list = append(list, e)
		}
	}
	sortByAge(list)
	return list
}

// sameKeyBefore tells that an older debt has the same place: the newer file must end up there. Called locked.
func (q *Queue) sameKeyBefore(e *entry) bool {
	for _, o := range q.debts {
		if o != e && o.open() && o.debt.Key == e.debt.Key && o.home == e.home && older(o, e) {
			return true
		}
	}
	return false
}

// shopOf is called locked.
func (q *Queue) shopOf(t Target) *shop {
	id := targetID(t)
	s, ok := q.stores[id]
	if !ok {
		s = &shop{target: t}
		q.stores[id] = s
	}
	return s
}

func targetID(t Target) string {
	id, _ := json.Marshal(t) // plain values: it cannot fail
	return string(id)
}

// try makes one try and notes how it went.
func (q *Queue) try(ctx context.Context, e *entry, s *shop) {
	began := time.Now()
	location, backup, err := q.pay(ctx, e)
	took := time.Since(began)
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.kick()
	s.busy--
	e.running = false
	if ctx.Err() != nil && err != nil {
		return // the process ends, which says nothing about the store
	}
	log := q.log.With("egressID", e.debt.Egress, "name", e.debt.Name, "store", e.debt.Target)
	e.debt.Tries++
	e.debt.Last = time.Now()
	e.debt.BackupUsed = backup
	if q.o.Tried != nil {
		q.o.Tried(e.debt, err, took)
	}
	if err == nil {
		e.debt.Paid, e.debt.Location, e.err = e.debt.Last, location, nil
		e.debt.Reason, e.debt.BackupReason = "", ""
		log.Info("uploaded", "backup", backup, "bytes", e.debt.Size, "tries", e.debt.Tries, "took", e.debt.Paid.Sub(e.debt.Added))
		q.note(e)
		q.removeData(e)
		q.finish(e)
		return
	}
	e.err = err
	e.debt.failed(err)
	wait := pause(e.debt.Tries, e.debt.Last.Sub(e.debt.Added))
	e.due = e.debt.Last.Add(wait)
	log.Warn("upload failed", "error", err, "class", ClassOf(err), "tries", e.debt.Tries, "retryIn", wait.Round(time.Millisecond))
	q.note(e)
	e.change()
}

func (q *Queue) storeOf(ctx context.Context, s *shop) (Store, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.store == nil {
		store, err := q.o.Open(ctx, s.target, q.log)
		if err != nil {
			return nil, err
		}
		s.store = store
	}
	return s.store, nil
}

// finish is for a debt that is open no more; called locked.
func (q *Queue) finish(e *entry) {
	e.change()
	if e.debt.Left || e.dropped {
		q.forget(e)
		if q.o.Settled != nil && !q.anyOf(e.home) {
			home := e.home
			go q.o.Settled(home)
		}
	}
	q.recount()
}

// anyOf tells whether a home has debts; called locked.
func (q *Queue) anyOf(home string) bool {
	for _, e := range q.debts {
		if e.home == home {
			return true
		}
	}
	return false
}

// removeData takes the local copy away, which the store has confirmed; called locked.
func (q *Queue) removeData(e *entry) {
	if err := os.Remove(e.data); err != nil && !errors.Is(err, os.ErrNotExist) {
		q.log.Warn("the local copy of an uploaded file could not be removed", "path", e.data, "error", err)
	}
}

// readMarks does what other processes ask for by files beside the debts that have failed before.
func (q *Queue) readMarks() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range q.debts {
		if !e.open() || e.running || e.debt.Tries == 0 {
			continue
		}
		if os.Remove(filepath.Join(e.dir, retryMark)) == nil {
			e.due = time.Time{}
		}
		if os.Remove(filepath.Join(e.dir, dropMark)) == nil {
			q.log.Warn("an upload was dropped by an operator", "egressID", e.debt.Egress, "name", e.debt.Name)
			e.dropped = true
			q.finish(e)
		}
	}
}

// dropStores closes stores that nobody uses; called locked.
func (q *Queue) dropStores() {
	for id, s := range q.stores {
		if s.busy == 0 {
			if s.store != nil {
				s.store.Close()
			}
			delete(q.stores, id)
		}
	}
}

func (q *Queue) closeStores() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropStores()
}
