package session

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit time.Duration
		do    func(*limit)
		fires time.Duration // 0 = never
	}{
		{"none", 0, func(l *limit) { l.hold(time.Now()); l.run(time.Now()) }, 0},
		{"unpaused", 10 * time.Second, func(l *limit) { l.run(time.Now()) }, 10 * time.Second},
		{"held", 10 * time.Second, func(l *limit) { time.Sleep(3 * time.Second); l.hold(time.Now()); l.hold(time.Now()) }, 0},
		{"held for a while", 10 * time.Second, func(l *limit) {
			for range 2 {
				time.Sleep(3 * time.Second)
				l.hold(time.Now())
				time.Sleep(20 * time.Second)
				l.run(time.Now())
				l.run(time.Now())
			}
		}, 50 * time.Second},
		{"resumed at the end", 10 * time.Second, func(l *limit) {
			time.Sleep(10*time.Second - time.Nanosecond)
			l.hold(time.Now())
			time.Sleep(time.Second)
			l.run(time.Now())
		}, 11 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				l := newLimit(tt.limit)
				defer l.stop()
				tt.do(&l)
				select {
				case <-l.reached():
					if got := time.Since(began); got != tt.fires {
						t.Errorf("after %v, want %v", got, tt.fires)
					}
				case <-time.After(time.Hour):
					if tt.fires != 0 {
						t.Errorf("never, want after %v", tt.fires)
					}
				}
			})
		})
	}
}
