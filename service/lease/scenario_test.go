package lease

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/livekit/protocol/livekit"
)

const id = "EG_1"

// scenario runs a world in which nodes b and c have been there for a while.
func scenario(t *testing.T, play func(w *world, a, b *fakeNode)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.node("a", id)
		b := w.node("b")
		w.node("c")
		time.Sleep(time.Minute)
		play(w, a, b)
		w.close()
	})
}

// expect checks how the egress has ended, "" for not at all, and who speaks for it.
func (w *world) expect(when, text string, speakers int) {
	w.t.Helper()
	synctest.Wait()
	ends := w.ended()
	switch {
	case len(ends) > 1:
		w.t.Errorf("%s: %d ends were told", when, len(ends))
	case len(ends) == 0 && text != "":
		w.t.Errorf("%s: no end was told", when)
	case len(ends) == 1 && ends[0].Error+ends[0].Status.String() != text:
		w.t.Errorf("%s: told %v %q", when, ends[0].Status, ends[0].Error)
	}
	if s := w.speaksFor(id); len(s) != speakers {
		w.t.Errorf("%s: %v speak for it, want %d", when, s, speakers)
	}
}

const (
	lostEnd     = textLost + "EGRESS_FAILED"
	completeEnd = "EGRESS_COMPLETE"
)

// gone checks that Redis knows nothing of the egress but its end.
func (w *world) gone() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.leases) != 0 || len(w.records) != 0 || !w.ends[id].Delivered {
		w.t.Errorf("left in Redis: %v, %v, end %+v", w.leases, w.records, w.ends[id])
	}
}

func TestEgressEndsByItself(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.finish(id)
		w.expect("at once", completeEnd, 0)
		w.gone()
		time.Sleep(10 * time.Minute)
		w.expect("later", completeEnd, 0)
	})
}

func TestNodeDies(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		died := time.Now()
		a.kill()
		time.Sleep(9 * time.Second)
		w.expect("its lease holds", "", 0)
		time.Sleep(12 * time.Second)
		w.expect("its lease has lapsed", "", 1)
		time.Sleep(time.Until(died.Add(114 * time.Second)))
		w.expect("before node_lost_after", "", 1)
		time.Sleep(12 * time.Second)
		w.expect("after it", lostEnd, 0)
		if off := time.Unix(0, w.ended()[0].EndedAt).Sub(died).Abs(); off > 5*time.Second {
			t.Errorf("it is said to have ended %v off", off)
		}
		w.gone()
	})
}

func TestStopOfADeadOne(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.kill()
		time.Sleep(25 * time.Second)
		o := w.speaker().spoken()
		for range 2 {
			info := o.Stop()
			if info.Status != livekit.EgressStatus_EGRESS_ENDING || info.Details != stopReason {
				t.Errorf("answered %v %q", info.Status, info.Details)
			}
		}
		time.Sleep(2 * time.Minute)
		w.expect("in the end", lostEnd, 0)
	})
}

// TestStopDelaysTheEnd: livekit-server stores what StopEgress was answered with a moment later.
func TestStopDelaysTheEnd(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.kill()
		time.Sleep(25 * time.Second)
		o := w.speaker().spoken()
		for range 1200 {
			o.Stop()
			time.Sleep(100 * time.Millisecond)
		}
		w.expect("just stopped", "", 1)
		time.Sleep(9 * time.Second)
		w.expect("a moment later", lostEnd, 0)
	})
}

func TestNodeStops20s(t *testing.T) {
	for _, stop := range []bool{false, true} {
		scenario(t, func(w *world, a, _ *fakeNode) {
			a.freeze()
			time.Sleep(20 * time.Second)
			w.expect("frozen", "", 1)
			if stop {
				w.speaker().spoken().Stop()
			}
			a.goOn()
			time.Sleep(11 * time.Second)
			w.expect("back", "", 0)
			var stops []string
			w.locked(func() {
				for _, n := range w.nodes {
					stops = append(stops, n.stops...)
				}
				if stop != slices.Equal(stops, []string{id}) {
					t.Errorf("stopped %v", stops)
				}
				if len(a.lost) > 0 {
					t.Errorf("lost %v", a.lost)
				}
			})
			a.finish(id)
			w.expect("in the end", completeEnd, 0)
			w.gone()
		})
	}
}

func TestNodeIsAwayForTooLong(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.freeze()
		time.Sleep(5 * time.Minute)
		w.expect("frozen", lostEnd, 0)
		a.goOn()
		time.Sleep(10 * time.Second)
		w.locked(func() {
			if !slices.Equal(a.lost, []string{id}) {
				t.Errorf("lost %v", a.lost)
			}
		})
		a.finish(id)
		w.expect("in the end", lostEnd, 0)
		w.gone()
	})
}

func TestRedisIsAway(t *testing.T) {
	for _, forget := range []bool{false, true} {
		scenario(t, func(w *world, a, _ *fakeNode) {
			w.setAway(true)
			time.Sleep(time.Minute)
			if forget {
				w.forget()
			}
			w.setAway(false)
			time.Sleep(10 * time.Minute)
			w.expect("back", "", 0)
			w.locked(func() {
				if r := w.records[id]; r.Node != "a" || w.leases[id].IsZero() {
					t.Errorf("Redis has %+v", r)
				}
			})
			a.finish(id)
			w.expect("in the end", completeEnd, 0)
			w.gone()
		})
	}
}

// TestNodeDiesWhileRedisIsAway: the time counts from the last sign of life, and nobody acts at once when Redis is back.
func TestNodeDiesWhileRedisIsAway(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		w.setAway(true)
		time.Sleep(10 * time.Minute)
		a.kill()
		w.setAway(false)
		time.Sleep(44 * time.Second)
		w.expect("Redis is just back", "", 0)
		time.Sleep(12 * time.Second)
		w.expect("and stays", lostEnd, 0)
	})
}

func TestOwnerDiesToo(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		died := time.Now()
		a.kill()
		time.Sleep(30 * time.Second)
		w.speaker().kill()
		time.Sleep(36 * time.Second)
		w.expect("the third", "", 1)
		time.Sleep(time.Until(died.Add(126 * time.Second)))
		w.expect("in the end", lostEnd, 0)
	})
}

// TestOwnerLeaves: a node that is shut down gives up what it owns at once.
func TestOwnerLeaves(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.kill()
		time.Sleep(30 * time.Second)
		w.speaker().cancel()
		time.Sleep(21 * time.Second)
		w.expect("the third", "", 1)
	})
}

func TestNodeComesBack(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.kill()
		time.Sleep(30 * time.Second)
		w.expect("gone", "", 1)
		again := w.node("a2", id)
		time.Sleep(11 * time.Second)
		w.expect("back", "", 0)
		again.finish(id)
		w.expect("in the end", completeEnd, 0)
		w.gone()
	})
}

func TestNodeComesBackLate(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.kill()
		time.Sleep(5 * time.Minute)
		again := w.node("a2", id)
		again.finish(id)
		time.Sleep(5 * time.Minute)
		w.expect("in the end", lostEnd, 0)
		w.gone()
	})
}

// TestNodeDiesWhileItTells: whoever finds the end that was not delivered tells that one, and waits for nothing.
func TestNodeDiesWhileItTells(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		w.locked(func() { a.unsent = true })
		a.finish(id)
		a.kill()
		time.Sleep(25 * time.Second)
		w.expect("resent", completeEnd, 0)
		w.gone()
	})
}

// TestNodeDiesAfterItTold: livekit-server knows, and nobody else.
func TestNodeDiesAfterItTold(t *testing.T) {
	for _, noted := range []bool{false, true} {
		scenario(t, func(w *world, a, _ *fakeNode) {
			w.locked(func() { a.unknown = !noted })
			a.Tell(&livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_COMPLETE}, func() {})
			a.kill()
			time.Sleep(10 * time.Minute)
			w.expect("in the end", completeEnd, 0)
			w.gone()
		})
	}
}

// TestNodeDiesBeforeItTells: its lease has the end already.
func TestNodeDiesBeforeItTells(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.keeper.Note(&livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_COMPLETE})
		synctest.Wait()
		a.kill()
		time.Sleep(25 * time.Second)
		w.expect("told", completeEnd, 0)
	})
}

// TestRecordIsMissing: livekit-server knows what the egress is.
func TestRecordIsMissing(t *testing.T) {
	for _, known := range []bool{false, true} {
		scenario(t, func(w *world, a, _ *fakeNode) {
			a.kill()
			want := ""
			w.locked(func() {
				delete(w.records, id)
				if known {
					want = lostEnd
					w.known[id] = &livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_ACTIVE}
				}
			})
			time.Sleep(3 * time.Minute)
			w.expect("in the end", want, 0)
			w.locked(func() {
				if len(w.leases) > 0 {
					t.Errorf("leases %v", w.leases)
				}
			})
		})
	}
}

// TestLeaseLapsesAndNodeAnswers: a node that answers is not gone.
func TestLeaseLapsesAndNodeAnswers(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.keeper.forget(id)
		time.Sleep(10 * time.Minute)
		w.expect("it answers", "", 0)
	})
}

// TestNobodyIsHeard: who does not even hear himself knows nothing of others.
func TestNobodyIsHeard(t *testing.T) {
	scenario(t, func(w *world, a, b *fakeNode) {
		w.locked(func() { b.deaf, w.nodes["c"].deaf = true, true })
		a.kill()
		time.Sleep(10 * time.Minute)
		w.expect("deaf", "", 0)
		w.locked(func() { b.deaf = false })
		time.Sleep(2 * time.Minute)
		w.expect("one hears", lostEnd, 0)
	})
}

// TestLeftToAnotherProcess: an upload that is left has longer than a node that dies.
func TestLeftToAnotherProcess(t *testing.T) {
	scenario(t, func(w *world, a, _ *fakeNode) {
		a.keeper.Leave(id, 30*time.Minute)
		a.kill()
		time.Sleep(30 * time.Minute)
		w.expect("in time", "", 0)
		time.Sleep(3 * time.Minute)
		w.expect("too late", lostEnd, 0)
	})
}
