package service

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

var errNoCPULine = errors.New("no line of the CPU")

// idle is the machine's idle time of all cores and its time of one core, in ticks since boot
// (proc_stat(5)).
type idle struct{ idle, core float64 }

func lookIdle() (idle, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return idle{}, err
	}
	return parseIdle(stat, runtime.NumCPU())
}

// parseIdle reads the first line of /proc/stat.
func parseIdle(stat []byte, cores int) (idle, error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return idle{}, errNoCPULine
	}
	var i idle
	// user nice system idle iowait irq softirq steal; what follows is in user already.
	for n, field := range fields[1:9] {
		ticks, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return idle{}, fmt.Errorf("line of the CPU: %w", err)
		}
		if n == 3 || n == 4 {
			i.idle += float64(ticks)
		}
		i.core += float64(ticks) / float64(max(cores, 1))
	}
	return i, nil
}

// coresSince is how many cores were idle on average since before.
func (i idle) coresSince(before idle) float64 {
	if i.core <= before.core {
		return 0
	}
	return (i.idle - before.idle) / (i.core - before.core)
}
