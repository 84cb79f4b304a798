package nodes

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// Full is every case about nodes of issue E, at full length.
func Full() []accept.Case {
	return []accept.Case{
		neverBack(usual, true),
		back("kill-back-10s", "back before its lease lapses", 10*time.Second, byDefault),
		back("kill-back", "back while another speaks for it", 6*time.Second, usual),
		backLate(30 * time.Second),
		stands(20*time.Second, 40*time.Second),
		standsTooLong(20 * time.Second),
		redisRestarts(),
		redisAway(time.Minute),
		bothRestart(),
		burden(1000, 20),
		resumesKilled(),
		resumesFrozen(),
	}
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{neverBack(6*time.Second, false)}
}
