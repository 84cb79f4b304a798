package node

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// Full is every case of issue F, at full length.
func Full() []accept.Case {
	return []accept.Case{
		burst(startings{n: 50, composed: 3, cost: 0.15}),
		rolling(),
		deadline(),
		hurried(),
		watched(25 * time.Second),
		cutOff(),
		hush(),
		confined(),
		fenced(),
		sandboxed(),
		tracks(100, 30*time.Second),
		routes(20, 20*time.Second),
		cycles(20),
		serverSide(),
		traces(),
		checkBroken(30 * time.Second),
	}
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{burst(startings{n: 12, cost: 0.3}), watched(4 * time.Second), confined()}
}
