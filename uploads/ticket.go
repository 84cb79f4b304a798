package uploads

import "context"

// Ticket is a debt as its egress sees it.
type Ticket struct {
	q *Queue
	e *entry
}

// Debt is a copy of the debt as it stands.
func (t *Ticket) Debt() Debt {
	t.q.mu.Lock()
	defer t.q.mu.Unlock()
	return t.e.debt
}

// Wait returns the object's location when the store has confirmed it, or ErrDropped. Each failed try is told to
// trouble, in this goroutine, if it is not nil. When ctx ends the debt stays, and the error is the last try's, or says
// that none has ended.
func (t *Ticket) Wait(ctx context.Context, trouble func(error)) (location string, err error) {
	told := 0
	if t.Debt().Tries > 0 && t.Debt().Reason != "" {
		told = -1 // an earlier process' trouble is news to this one
	}
	for {
		t.q.mu.Lock()
		d, changed, dropped, last := t.e.debt, t.e.changed, t.e.dropped, t.e.err
		t.q.mu.Unlock()
		if last == nil {
			last = d.failure()
		}
		switch {
		case !d.Paid.IsZero():
			return d.Location, nil
		case dropped:
			return "", ErrDropped
		case d.Tries != told && last != nil:
			told = d.Tries
			if trouble != nil {
				trouble(last)
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if last != nil {
				return "", last
			}
			return "", &Error{Store: d.Provider, Class: Transient, Reason: "the store has not confirmed it yet", Err: context.Cause(ctx)}
		}
	}
}
