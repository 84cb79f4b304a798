package spine

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// Full is every case of issue A, at full length.
func Full() []accept.Case {
	var cases []accept.Case
	for _, t := range takes() {
		cases = append(cases, quality(t, 32*time.Second, strict))
	}
	return append(cases,
		badInput(true),
		drain(),
		command(15*time.Second),
		killParts(parts, 0),
		killEncoder(20),
		killDaemon(20),
		startLatency(20),
		cost(hd, 30*time.Second),
		cost(fullHD, 30*time.Second),
		burden(30*time.Second),
		stopLatency(20, 60*time.Second),
		cleanClone(),
	)
}

// Sample is what `make test` has time for: one of each kind.
func Sample() []accept.Case {
	return append([]accept.Case{
		quality(takes()[0], 12*time.Second, busy),
		quality(takes()[4], 12*time.Second, busy),
		drain(),
		command(12 * time.Second),
		killParts([]part{parts[0], parts[2]}, 1),
		killEncoder(1),
		killDaemon(1),
		badInput(false),
	}, browserPathSample()...)
}
