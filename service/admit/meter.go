package admit

import (
	"os"
	"time"
)

// pssEvery is how often the memory of a process is read: the kernel walks its pages for it, and holds its lock meanwhile.
// One that is new is read sooner, after pssFirst at first: it is still growing.
const (
	pssEvery = 10 * time.Second
	pssFirst = time.Second
)

// Party is what an egress runs.
type Party struct {
	// PIDs are its children. What those have started is theirs.
	PIDs []int
	// Weight is its part of the work that is done inside this process: tracks, or as many as its pictures are worth.
	Weight int
}

// Measurement is what was used over a span that ended at a moment.
type Measurement struct {
	At       time.Time
	Span     time.Duration
	Egresses map[string]Usage
	Shared   Usage // by what belongs to none of them: a browser that waits, a short-lived child, this process while idle
	Total    Usage
}

// Meter measures this process and its children. It is for one goroutine.
type Meter struct {
	proc procfs
	self int
	now  func() time.Time

	at     time.Time
	last   map[int]process
	memory map[int]resident
}

// resident is the memory of a process when it was last read.
type resident struct {
	began uint64 // of the process
	pss   int64
	next  time.Time // when to read it again, wait after the last time
	wait  time.Duration
}

// NewMeter makes a meter of this process.
func NewMeter() *Meter { return &Meter{proc: procfs{"/proc"}, self: os.Getpid(), now: time.Now} }

// Read tells what was used since the call before, by egress. The first call only begins and tells false.
func (m *Meter) Read(parties map[string]Party) (Measurement, bool, error) {
	at := m.now()
	ours, err := m.proc.below(m.self)
	if err != nil {
		m.last = nil
		return Measurement{}, false, err
	}
	before, span := m.last, at.Sub(m.at)
	m.last, m.at = ours, at
	pss := m.readPSS(ours, at)
	if before == nil || span <= 0 {
		return Measurement{}, false, nil
	}
	r := share(ours, before, pss, m.self, span, parties)
	r.At = at
	return r, true, nil
}

// readPSS reads the memory of those whose time has come; of what may not be read nothing is known, and nothing told.
func (m *Meter) readPSS(ours map[int]process, at time.Time) map[int]int64 {
	memory, all := make(map[int]resident, len(ours)), make(map[int]int64, len(ours))
	for pid, p := range ours {
		if p.gone {
			continue
		}
		r := m.memory[pid]
		if r.began != p.began || r.wait == 0 || !at.Before(r.next) {
			if r.began != p.began {
				r = resident{began: p.began}
			}
			r.wait = min(max(2*r.wait, pssFirst), pssEvery)
			r.next = at.Add(r.wait)
			if n, err := m.proc.pss(pid); err == nil {
				r.pss = n
			}
		}
		memory[pid], all[pid] = r, r.pss
	}
	m.memory = memory
	return all
}

// share gives each process' use to whom it belongs. What this process used itself is parted by weight.
func share(ours, before map[int]process, pss map[int]int64, self int, span time.Duration, parties map[string]Party) Measurement {
	r := Measurement{Span: span, Egresses: make(map[string]Usage, len(parties))}
	of, weight := map[int]string{}, 0
	for id, p := range parties {
		r.Egresses[id] = Usage{}
		weight += p.Weight
		for _, pid := range p.PIDs {
			of[pid] = id
		}
	}
	var inside Usage
	for pid, now := range ours {
		u := Usage{Cores: used(now, before, pid).Seconds() / span.Seconds(), PSS: pss[pid]}
		r.Total = r.Total.plus(u)
		top := owner(pid, ours, func(up int) bool { _, ok := of[up]; return ok || up == self })
		switch id, ok := of[top]; {
		case ok:
			r.Egresses[id] = r.Egresses[id].plus(u)
		case pid == self:
			inside = u
		default:
			r.Shared = r.Shared.plus(u)
		}
	}
	if weight == 0 {
		r.Shared = r.Shared.plus(inside)
		return r
	}
	for id, p := range parties {
		part := float64(p.Weight) / float64(weight)
		r.Egresses[id] = r.Egresses[id].plus(Usage{Cores: inside.Cores * part})
	}
	// Most of its memory would stay if the egress went.
	r.Shared = r.Shared.plus(Usage{PSS: inside.PSS})
	return r
}

// used is the CPU time of one process since it was last looked at, or since it began.
func used(now process, before map[int]process, pid int) time.Duration {
	was, ok := before[pid]
	if !ok || was.began != now.began {
		return now.cpu
	}
	return max(now.cpu-was.cpu, 0)
}

func (u Usage) plus(v Usage) Usage { return Usage{u.Cores + v.Cores, u.PSS + v.PSS} }
