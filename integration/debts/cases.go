package debts

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// Full is every case of issue C, at full length.
func Full() []accept.Case {
	return []accept.Case{
		large(6 << 30),
		many(10_000),
		away(60 * time.Second),
		refused(),
		killed(50, false),
		killed(50, true),
		readable(60 * time.Second),
	}
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{refused(), away(5 * time.Second), killed(1, true)}
}
