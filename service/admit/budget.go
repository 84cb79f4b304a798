package admit

import (
	"fmt"

	"github.com/ffegress/ffegress/service/config"
)

const (
	// attempt is the part of its cost that an egress can be attempted with at all: on fewer cores not even a recording of
	// repeats comes out.
	attempt = 0.25
	// memoryMargin is kept free for what nobody reckons with, as LiveKit Egress has it.
	memoryMargin = 1 * GB
)

// Budget is what a node has to give.
type Budget struct {
	Cores  float64 // of the machine, or of its cgroup
	Share  float64 // of them, that egresses may take together
	Memory int64   // bytes that may be used; 0 = memory is not looked at
}

// BudgetOf takes a node's budget from the configuration; cores are those of Cores.
func BudgetOf(c config.CPUCost, cores float64) Budget {
	return Budget{Cores: cores, Share: c.MaxCPUUtilization, Memory: bytesOf(c.MaxMemory)}
}

// Usage is what was measured.
type Usage struct {
	Cores float64
	PSS   int64 // bytes
}

// claim is what one egress is reckoned to take at a moment.
type claim struct {
	reserved Need
	settled  bool // used is what it will go on to take
	used     Usage
}

func (c claim) cores() float64 {
	if c.settled {
		return c.used.Cores
	}
	return max(c.reserved.Cores, c.used.Cores)
}

// pending is memory that it has not taken yet and will.
func (c claim) pending() int64 {
	if c.settled {
		return 0
	}
	return max(c.reserved.Memory-c.used.PSS, 0)
}

// load is what a node carries at a moment.
type load struct {
	claims []claim
	shared Usage // of what runs for no egress in particular
	memory int64 // bytes in use
}

// Verdict is the answer to one request.
type Verdict struct {
	Accepted bool
	// Beyond says that it was accepted by an idle node although it is reckoned to take more than that has.
	Beyond bool

	NeedCores, FreeCores   float64
	NeedMemory, FreeMemory int64  // bytes; zero when memory is not looked at
	Reason                 string // why it was refused, or is beyond
}

// decide is the whole rule. An idle node gives all its cores to any one egress that they can attempt; a node that
// records gives up to its share. Memory is looked at in both cases.
func (b Budget) decide(l load, n Need) Verdict {
	v := Verdict{NeedCores: n.Wanted, FreeCores: b.free(l)}
	if b.Memory > 0 {
		v.NeedMemory, v.FreeMemory = n.Memory, b.freeMemory(l)
		// Not less, as LiveKit Egress has it: what would fill the budget to the last byte is refused.
		if v.NeedMemory >= v.FreeMemory {
			v.Reason = fmt.Sprintf("memory: needs %s, free are %s of %s with %s kept back",
				gigabytes(n.Memory), gigabytes(v.FreeMemory), gigabytes(b.Memory), gigabytes(memoryMargin))
			return v
		}
	}
	switch {
	case n.Wanted <= v.FreeCores:
		v.Accepted = true
	case len(l.claims) > 0:
		v.Reason = fmt.Sprintf("CPU: needs %.2f cores, free are %.2f of %.2f", n.Wanted, v.FreeCores, b.Cores*b.Share)
	case b.Cores >= n.Wanted*attempt:
		v.Accepted, v.Beyond = true, true
		v.Reason = fmt.Sprintf("CPU: needs %.2f cores, the node has %.2f and nothing else to do", n.Wanted, b.Cores)
	default:
		v.Reason = fmt.Sprintf("CPU: needs %.2f cores, the node has %.2f, which cannot even attempt it", n.Wanted, b.Cores)
	}
	return v
}

// free are the cores that may be given away.
func (b Budget) free(l load) float64 {
	if len(l.claims) == 0 {
		return b.Cores
	}
	free := b.Cores*b.Share - l.shared.Cores
	for _, c := range l.claims {
		free -= c.cores()
	}
	return max(free, 0)
}

func (b Budget) freeMemory(l load) int64 {
	free := b.Memory - memoryMargin - l.memory
	for _, c := range l.claims {
		free -= c.pending()
	}
	return max(free, 0)
}

func gigabytes(n int64) string { return fmt.Sprintf("%.2f GB", float64(n)/GB) }
