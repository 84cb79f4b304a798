package session

import "time"

// limit ends an egress after a time, of which what is cut out of the recording does not count. The zero value never
// does.
type limit struct {
	timer *time.Timer // nil = there is no limit
	ends  time.Time   // when it fires
	held  time.Time   // since when it does not run; zero = it runs
}

func newLimit(d time.Duration) limit {
	if d <= 0 {
		return limit{}
	}
	return limit{timer: time.NewTimer(d), ends: time.Now().Add(d)}
}

// reached fires once.
func (l *limit) reached() <-chan time.Time {
	if l.timer == nil {
		return nil
	}
	return l.timer.C
}

// hold says that the time does not count from now on.
func (l *limit) hold(now time.Time) {
	if l.timer != nil && l.held.IsZero() {
		l.timer.Stop()
		l.held = now
	}
}

// run says that it counts again.
func (l *limit) run(now time.Time) {
	if l.timer == nil || l.held.IsZero() {
		return
	}
	l.ends = l.ends.Add(now.Sub(l.held))
	l.held = time.Time{}
	l.timer.Reset(time.Until(l.ends))
}

func (l *limit) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}
