package uploads

import (
	"context"
	"errors"
	"slices"
)

// Backup is where a file goes when its target does not take it.
type Backup struct {
	Target Target `json:"target"`
	Key    string `json:"key"`
}

// place is one of the two stores of a debt.
type place struct {
	shop   *shop
	target Target
	key    string
	state  *[]byte // in the debt
	backup bool
}

// places are the stores to try, in order: the target and then the backup, or, once the target has failed this egress,
// the backup and then the target. Called locked.
func (q *Queue) places(e *entry) []place {
	list := []place{{nil, e.debt.Target, e.debt.Key, &e.debt.state, false}}
	if b := e.debt.Backup; b != nil {
		list = append(list, place{nil, b.Target, b.Key, &e.debt.backupState, true})
		if q.hasSwitched(e) {
			slices.Reverse(list)
		}
		// At the first try only: a store that is slow to answer gets its time when the other has failed as well.
		list[0].target.Hasty = e.debt.Tries == 0
	}
	for i := range list {
		list[i].shop = q.shopOf(list[i].target)
	}
	return list
}

// hasSwitched tells that the target has failed this egress, by this file or another; called locked.
func (q *Queue) hasSwitched(e *entry) bool {
	if e.debt.Backup != nil && q.switched[switchKey(e.home, e.debt.Target)] {
		e.debt.Switched = true
	}
	return e.debt.Backup != nil && e.debt.Switched
}

// pay puts the file into the first store that takes it. Its error, but for one of ctx or of the file itself, tells of
// all that were tried.
func (q *Queue) pay(ctx context.Context, e *entry) (location string, backup bool, err error) {
	q.mu.Lock()
	places := q.places(e)
	q.mu.Unlock()
	var primary, second error
	for _, p := range places {
		location, err := q.payAt(ctx, e, p)
		switch {
		case err == nil:
			return location, p.backup, nil
		case ctx.Err() != nil || ClassOf(err) == Lost:
			return "", false, err
		case p.backup:
			second = err
		default:
			primary = err
			q.fellBack(e, err)
		}
	}
	return "", false, BothFailed(primary, second)
}

func (q *Queue) payAt(ctx context.Context, e *entry, p place) (location string, err error) {
	store, err := q.storeOf(ctx, p.shop)
	if err != nil {
		return "", err
	}
	q.mu.Lock()
	o := Object{Key: p.key, File: e.data, ContentType: e.debt.ContentType, State: *p.state}
	q.mu.Unlock()
	o.Save = func(state []byte) {
		q.mu.Lock()
		defer q.mu.Unlock()
		*p.state = state
		q.note(e)
	}
	if err := store.Put(ctx, o); err != nil {
		return "", err
	}
	return store.Locate(ctx, o.Key)
}

// fellBack has what an egress still puts into the store that failed go to the backup at once.
func (q *Queue) fellBack(e *entry, why error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if e.debt.Backup == nil || q.hasSwitched(e) {
		return
	}
	q.switched[switchKey(e.home, e.debt.Target)], e.debt.Switched = true, true
	q.note(e)
	q.log.Warn("the store failed; the backup is used for the rest of this egress", "egressID", e.debt.Egress,
		"store", e.debt.Target, "backup", e.debt.Backup.Target, "error", why)
}

func switchKey(home string, t Target) string { return home + "\x00" + targetID(t) }

// BothFailed is one error of the two, that of a backup being nil where there is none. It is Definite if both are.
func BothFailed(primary, second error) error {
	first, ok := errors.AsType[*Error](primary)
	backup, okToo := errors.AsType[*Error](second)
	switch {
	case second == nil:
		return primary
	case !ok || !okToo:
		return errors.Join(primary, second)
	}
	both := *first
	both.Backup = backup
	if !Definite(backup) {
		both.Class = backup.Class
	}
	both.Err = errors.Join(first.Err, backup)
	return &both
}
