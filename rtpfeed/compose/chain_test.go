package compose

import (
	"testing"
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
)

func microsDuration(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

func TestChain(t *testing.T) {
	const (
		key = 1 << iota
		lost
		yes
	)
	for name, steps := range map[string][]int{
		"nothing before a keyframe":     {0, 0, key | yes, yes},
		"loss until the next keyframe":  {key | yes, lost, 0, 0, key | yes, yes},
		"loss just before a keyframe":   {key | yes, key | lost | yes, yes},
		"keyframes one after the other": {key | yes, key | yes},
		"loss twice":                    {key | yes, yes, lost, lost, 0, key | yes},
	} {
		var c chain
		for i, s := range steps {
			u := rtpfeed.Unit{Keyframe: s&key != 0}
			if s&lost != 0 {
				u.Lost = 3
			}
			if got := c.take(&u); got != (s&yes != 0) {
				t.Errorf("%s: unit %d is decoded: %t", name, i, got)
			}
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	var q queue
	at := func(e *entry) time.Duration { return e.at }
	for n := range 3 * queueUnits {
		q.push(entry{kind: media, unit: rtpfeed.Unit{Parts: [][]byte{{1}}}, at: time.Duration(n)})
	}
	if len(q.entries) != queueUnits || q.bytes != queueUnits {
		t.Errorf("%d entries, %d bytes", len(q.entries), q.bytes)
	}
	e, ok := q.due(1<<40, at)
	if !ok || e.unit.Lost == 0 {
		t.Errorf("%+v, %t: what was thrown away is not told", e, ok)
	}
	if e, ok = q.due(1<<40, at); !ok || e.unit.Lost != 0 {
		t.Errorf("%+v, %t: it is told twice", e, ok)
	}
	q = queue{}
	for range 10 {
		q.push(entry{kind: media, unit: rtpfeed.Unit{Parts: [][]byte{make([]byte, queueBytes/4)}}})
	}
	if q.bytes > queueBytes {
		t.Errorf("%d bytes", q.bytes)
	}
	q = queue{}
	q.push(entry{kind: muted, at: 5})
	if _, ok := q.due(5, at); ok {
		t.Error("an entry is due too early")
	}
	if e, ok := q.due(6, at); !ok || e.kind != muted {
		t.Error("an entry is not due")
	}
}
