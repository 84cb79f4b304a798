package lease

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/livekit/protocol/livekit"
)

// resuming is scenario with resume_lost.
func resuming(t *testing.T, play func(w *world, a *fakeNode)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.resumes = true
		a := w.node("a", id)
		w.node("b")
		w.node("c")
		time.Sleep(time.Minute)
		play(w, a)
		w.close()
	})
}

// goesOn checks that try, and nothing else, is recorded and has a lease, and returns who does.
func (w *world) goesOn(when, try string) *fakeNode {
	w.t.Helper()
	w.expect(when, "", 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	var by []*fakeNode
	for _, n := range w.nodes {
		if n.runs[id] && !n.dead {
			by = append(by, n)
		}
	}
	if len(by) != 1 || len(w.leases) != 1 || !w.leases[try].After(time.Now()) || w.records[try].Node != by[0].name {
		w.t.Fatalf("%s: %d nodes record it, leases %v, record %+v", when, len(by), w.leases, w.records[try])
	}
	return by[0]
}

// over checks that the egress has ended well, and that Redis knows nothing but that.
func (w *world) over() {
	w.t.Helper()
	w.expect("in the end", completeEnd, 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.leases)+len(w.records) > 0 {
		w.t.Errorf("left in Redis: %v, %v", w.leases, w.records)
	}
}

// TestLostEgressGoesOn: its node, when it is back, tells nothing.
func TestLostEgressGoesOn(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.kill()
		time.Sleep(110 * time.Second)
		w.expect("its node may come back", "", 1)
		time.Sleep(20 * time.Second)
		w.goesOn("it is lost", id+"~1")
		time.Sleep(10 * time.Minute)
		by := w.goesOn("later", id+"~1")

		back := w.node("a2", id)
		time.Sleep(time.Minute)
		back.finish(id)
		w.locked(func() { back.runs = map[string]bool{} })
		if w.goesOn("its node is back", id+"~1") != by {
			t.Error("another node records it")
		}
		by.finishTry(id, 1)
		w.over()
	})
}

// TestNodeIsBackAfterTheEnd of what goes on.
func TestNodeIsBackAfterTheEnd(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.kill()
		time.Sleep(130 * time.Second)
		w.goesOn("it is lost", id+"~1").finishTry(id, 1)
		back := w.node("a2", id)
		time.Sleep(time.Minute)
		back.finish(id)
		w.over()
	})
}

// TestNodeOfASecondTryDies, and the first one is back while the third goes on, and dies again over its file.
func TestNodeOfASecondTryDies(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.kill()
		time.Sleep(130 * time.Second)
		w.goesOn("it is lost", id+"~1").kill()
		time.Sleep(130 * time.Second)
		by := w.goesOn("it is lost again", id+"~2")
		back := w.node("a2", id)
		time.Sleep(time.Minute)
		back.kill()
		time.Sleep(time.Minute)
		by.finishTry(id, 2)
		w.locked(func() { by.runs = map[string]bool{} })
		time.Sleep(time.Minute)
		w.over()
	})
}

// TestNodeDiesOverResuming: it has taken the egress, and not begun with it.
func TestNodeDiesOverResuming(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		w.locked(func() { w.nodes["b"].dying, w.nodes["c"].refuse = true, ErrNotNow })
		a.kill()
		time.Sleep(160 * time.Second)
		w.locked(func() {
			if !w.nodes["b"].dead {
				t.Error("nobody has died")
			}
			w.nodes["c"].refuse = nil
		})
		time.Sleep(160 * time.Second)
		w.goesOn("in the end", id+"~2").finishTry(id, 2)
		w.over()
	})
}

// TestNodeDiesOverTaking: what it leaves is the end of a try, and the record of one that has no lease.
func TestNodeDiesOverTaking(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.kill()
		w.locked(func() {
			w.ends[id] = Record{Node: "d", Info: &livekit.EgressInfo{EgressId: id}, Delivered: true, Resumed: true}
			w.records[id+"~1"] = Record{Node: "d", Info: &livekit.EgressInfo{EgressId: id, RetryCount: 1}}
		})
		time.Sleep(160 * time.Second)
		w.goesOn("in the end", id+"~2").finishTry(id, 2)
		w.over()
	})
}

// TestNodeComesBackInTime: nothing is resumed.
func TestNodeComesBackInTime(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.kill()
		time.Sleep(100 * time.Second)
		again := w.node("a2", id)
		time.Sleep(5 * time.Minute)
		if w.goesOn("back", id) != again {
			t.Error("another node records it")
		}
		again.finish(id)
		w.over()
	})
}

// TestFrozenNodeFindsItGoesOn: it stops what it records, and tells nothing.
func TestFrozenNodeFindsItGoesOn(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.freeze()
		time.Sleep(5 * time.Minute)
		w.locked(func() { a.runs = map[string]bool{} }) // goesOn counts who records
		by := w.goesOn("frozen", id+"~1")
		a.goOn()
		time.Sleep(10 * time.Second)
		w.locked(func() {
			if !slices.Equal(a.lost, []string{id}) {
				t.Errorf("lost %v", a.lost)
			}
		})
		a.finish(id)
		w.goesOn("back", id+"~1")
		by.finishTry(id, 1)
		w.over()
	})
}

// TestWhatIsNotResumed ends as without resume_lost, and says why.
func TestWhatIsNotResumed(t *testing.T) {
	const why = "its room is over"
	for _, c := range []struct {
		name string
		set  func(w *world, b, c *fakeNode)
		when time.Duration
		want string
	}{
		{"cannot be", func(_ *world, b, c *fakeNode) { b.refuse, c.refuse = errors.New(why), errors.New(why) }, 125 * time.Second, textLost + textNotResumed + why},
		{"nobody can now", func(_ *world, b, c *fakeNode) { b.refuse, c.refuse = ErrNotNow, ErrNotNow }, 285 * time.Second, textLost + textNotResumed + ErrNotNow.Error()},
		{"is ending", func(w *world, _, _ *fakeNode) {
			w.records[id] = Record{Node: "a", Info: &livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_ENDING}}
		}, 125 * time.Second, textLost},
	} {
		resuming(t, func(w *world, a *fakeNode) {
			a.kill()
			w.locked(func() { c.set(w, w.nodes["b"], w.nodes["c"]) })
			time.Sleep(110 * time.Second)
			w.expect(c.name+": its node may come back", "", 1)
			time.Sleep(c.when - 110*time.Second)
			w.expect(c.name, c.want+"EGRESS_FAILED", 0)
			w.gone()
		})
	}
}

// TestStoppedOneIsNotResumed: somebody has stopped it while its node was away.
func TestStoppedOneIsNotResumed(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		a.kill()
		time.Sleep(time.Minute)
		w.speaker().spoken().Stop()
		time.Sleep(66 * time.Second)
		w.expect("in the end", lostEnd, 0)
		w.gone()
	})
}

// TestOneNodeCannotAnotherCan: who has no room leaves it to others.
func TestOneNodeCannotAnotherCan(t *testing.T) {
	resuming(t, func(w *world, a *fakeNode) {
		w.locked(func() { w.nodes["b"].refuse = ErrNotNow })
		a.kill()
		time.Sleep(180 * time.Second)
		if by := w.goesOn("in the end", id+"~1"); by.name != "c" {
			t.Errorf("%s goes on with it", by.name)
		}
	})
}

// TestEndWasToldMeanwhile: by its node, which came back.
func TestEndWasToldMeanwhile(t *testing.T) {
	scenario(t, func(w *world, a, b *fakeNode) {
		a.finish(id)
		quiet := false
		g := &Gone{Info: &livekit.EgressInfo{EgressId: id}, owned: &Owned{quiet: func() { quiet = true }}, store: b, node: b.name}
		if err := g.Take(t.Context(), &livekit.EgressInfo{EgressId: id, RetryCount: 1}); !errors.Is(err, ErrElsewhere) || errors.Is(err, ErrNotNow) {
			t.Errorf("taken: %v", err)
		}
		w.over()
		if quiet {
			t.Error("nobody speaks for it")
		}
		w.setAway(true)
		if err := g.Take(t.Context(), &livekit.EgressInfo{EgressId: id, RetryCount: 1}); !errors.Is(err, ErrNotNow) {
			t.Errorf("taken from a Redis that is away: %v", err)
		}
		w.setAway(false)
	})
}
