package rig

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// RoleUsage is what all processes of one role used together.
type RoleUsage struct {
	CPU     float64 // CPU-seconds during the watch
	PeakPSS int64   // bytes, highest sum over the role at one moment
}

// Usage maps roles to their use, with how long the watch lasted.
type Usage struct {
	Roles map[string]RoleUsage
	Wall  time.Duration
}

// Watch samples the processes below root every interval until ctx ends. CPU
// that a process used before the watch began does not count; of a process
// that ends in between, up to one interval's use is missed.
func Watch(ctx context.Context, root int, interval time.Duration) (Usage, error) {
	type key struct {
		pid   int
		start uint64
	}
	first, last := map[key]float64{}, map[key]Process{}
	u := Usage{Roles: map[string]RoleUsage{}}
	begin := time.Now()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for round := 0; ; round++ {
		list, err := Descendants(root)
		if err != nil {
			return u, err
		}
		pss := map[string]int64{}
		for _, p := range list {
			k := key{p.PID, p.StartTicks}
			if _, ok := first[k]; !ok && round == 0 {
				first[k] = p.CPU
			}
			last[k] = p
			pss[p.Role] += p.PSS
		}
		for role, sum := range pss {
			r := u.Roles[role]
			r.PeakPSS = max(r.PeakPSS, sum)
			u.Roles[role] = r
		}
		select {
		case <-ctx.Done():
			for k, p := range last {
				r := u.Roles[p.Role]
				r.CPU += p.CPU - first[k]
				u.Roles[p.Role] = r
			}
			u.Wall = time.Since(begin)
			return u, nil
		case <-tick.C:
		}
	}
}

// String is a table: role, cores, peak PSS in MB.
func (u Usage) String() string {
	var b strings.Builder
	var cpu float64
	fmt.Fprintf(&b, "%-12s %8s %12s   (over %.1f s)\n", "role", "cores", "peak PSS MB", u.Wall.Seconds())
	for _, role := range slices.Sorted(maps.Keys(u.Roles)) {
		r := u.Roles[role]
		cpu += r.CPU
		fmt.Fprintf(&b, "%-12s %8.3f %12.1f\n", role, r.CPU/u.Wall.Seconds(), float64(r.PeakPSS)/1e6)
	}
	fmt.Fprintf(&b, "%-12s %8.3f\n", "sum", cpu/u.Wall.Seconds())
	return b.String()
}
