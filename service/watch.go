package service

import (
	"context"
	"time"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/session"
)

const (
	// watchEvery is how often use is measured while egresses run, idleWatch while none does.
	watchEvery = time.Second
	idleWatch  = 10 * time.Second
	// pingEvery is how often Redis is asked whether it is there, and pingWait how long it may take.
	pingEvery = 5 * time.Second
	pingWait  = 3 * time.Second
	// askWait bounds how long a session is waited for that is to end.
	askWait = 5 * time.Second
	// lookBack is for how long a repeated picture means that pictures are lacking.
	lookBack = 5 * time.Second
)

// watcher measures the node and ends what it cannot carry.
type watcher struct {
	service *Service
	meter   *admit.Meter
	cpu     *admit.Pressure
	memory  *admit.MemoryPressure
	group   bool // memory is that of the cgroup

	measured time.Time
	lost     bool  // nothing can be measured; told once
	overload int64 // at the last look
	shed     time.Time
	ended    string // the egress that was ended last
}

func newWatcher(s *Service) *watcher {
	c := s.conf.CPUCost
	w := &watcher{service: s, meter: admit.NewMeter(), group: c.MemorySource == "cgroup"}
	w.cpu = admit.NewPressure(c.MaxCPUUtilization, time.Duration(c.CPUKillGraceSec)*time.Second)
	w.memory = admit.NewMemoryPressure(int64(c.MaxMemory*admit.GB), time.Duration(c.MemoryKillGraceSec)*time.Second)
	return w
}

// run watches until ctx ends.
func (w *watcher) run(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		w.look(ctx, time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *watcher) look(ctx context.Context, now time.Time) {
	if w.service.gate.Count() == 0 && now.Sub(w.measured) < idleWatch {
		return
	}
	w.measured = now
	m, ok, err := w.meter.Read(w.service.onAir.parties())
	if err != nil {
		w.service.gate.Lost()
		if !w.lost {
			w.service.log.Error("what egresses use cannot be measured; they are reckoned at their costs", "error", err)
		}
		w.lost = true
		return
	}
	w.lost = false
	if !ok {
		return
	}
	used := m.Total.PSS
	if w.group {
		if n, err := admit.WorkingSet(); err == nil {
			used = n
		}
	}
	w.service.gate.Measured(m, used)
	w.relieve(ctx, now, used)
}

// relieve ends the youngest egress, gracefully, when pictures have lacked for long or memory runs out.
func (w *watcher) relieve(ctx context.Context, now time.Time, memory int64) {
	if n := w.service.onAir.overload(); n != w.overload {
		if n > w.overload {
			w.shed = now
		}
		w.overload = n // less when one has ended
	}
	standing := w.service.gate.Standing()
	reason := ""
	if w.cpu.Tick(now, standing.Ratio(), len(standing.Egresses), now.Sub(w.shed) < lookBack) {
		reason = session.ReasonCPU
	}
	if w.memory.Tick(now, memory) {
		reason = session.ReasonMemory
	}
	a, ok := w.service.onAir.get(standing.Youngest())
	if reason == "" || !ok || a.id == w.ended {
		return // the one that was told to end may take a while
	}
	w.ended = a.id
	w.service.log.Error("the node cannot carry what it records: the youngest egress ends", "egressID", a.id, "reason", reason,
		"cores", standing.Cores, "usedCores", standing.Used, "usedBytes", memory, "egresses", len(standing.Egresses))
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	if _, err := a.session.Stop(ctx, reason); err != nil && ctx.Err() != nil {
		w.ended = "" // it did not hear
	}
}

// ping keeps asking Redis until ctx ends.
func (s *Service) ping(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		asking, cancel := context.WithTimeout(ctx, pingWait)
		err := s.bus.redis.Ping(asking).Err()
		cancel()
		if ctx.Err() != nil {
			return
		}
		if there := err == nil; s.reachable.Swap(there) != there {
			if there {
				s.log.Info("Redis answers again")
			} else {
				s.log.Warn("Redis does not answer", "error", err)
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
