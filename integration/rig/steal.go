package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Steal is the CPU time that the hypervisor has given to other machines, out of
// all, since boot (proc_stat(5)). The difference of two says whether this
// machine was its own in between.
type Steal struct{ stolen, all float64 }

// LookSteal reads the counters.
func LookSteal() (Steal, error) {
	body, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Steal{}, err
	}
	line, _, _ := strings.Cut(string(body), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return Steal{}, fmt.Errorf("/proc/stat begins with %q", line)
	}
	var s Steal
	for i, f := range fields[1:9] {
		v, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return Steal{}, fmt.Errorf("/proc/stat: %w", err)
		}
		s.all += v
		if i == 7 {
			s.stolen = v
		}
	}
	return s, nil
}

// Since is the share of CPU time that was stolen since before, 0 to 1.
func (s Steal) Since(before Steal) float64 {
	if s.all <= before.all {
		return 0
	}
	return (s.stolen - before.stolen) / (s.all - before.all)
}
