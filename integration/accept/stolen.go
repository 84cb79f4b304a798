package accept

import (
	"os"
	"strconv"
	"strings"
)

// told is from which share on of the time that the machine had work for its host's taking of it is told.
const told = 0.02

// processor is what the machine's processors have done, in ticks.
type processor struct{ busy, stolen float64 }

// processors reads /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)). It is zero where there
// is none.
func processors() processor {
	body, _ := os.ReadFile("/proc/stat")
	return parseProcessors(string(body))
}

func parseProcessors(stat string) (p processor) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return p
	}
	for i, field := range fields[1:9] {
		ticks, err := strconv.ParseFloat(field, 64)
		switch {
		case err != nil:
			return processor{}
		case i == 3 || i == 4: // idle
		case i == 7:
			p.stolen = ticks
		default:
			p.busy += ticks
		}
	}
	return p
}

// share is how much of the time that there was work for the machine's host took since before. Figures of media and of cost
// say little where it is large.
func (p processor) share(before processor) float64 {
	busy, stolen := p.busy-before.busy, p.stolen-before.stolen
	if busy+stolen <= 0 {
		return 0
	}
	return stolen / (busy + stolen)
}
