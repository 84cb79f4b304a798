package node

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// Full is every case of issue F, at full length.
func Full() []accept.Case {
	return []accept.Case{
		burst(50),
		rolling(),
		deadline(),
		hurried(),
		watched(25 * time.Second),
		cutOff(),
		hush(),
		confined(),
		fenced(),
		sandboxed(),
	}
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{burst(12), watched(4 * time.Second), confined()}
}
