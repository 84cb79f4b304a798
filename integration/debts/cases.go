package debts

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// parts is how many parts the runs with a SIGKILL come in, of each sort; partRuns is how many runs each has.
const parts, partRuns = 5, 10

// Full is every case of issue C, at full length.
func Full() []accept.Case {
	all := []accept.Case{
		suite("conformance", 1, "the suite for stores: local and S3", "./uploads", "Conforms"),
		large(6 << 30),
		many(10_000),
		away(60 * time.Second),
		refused(),
		suite("power-cut", 3, "the power is cut at each step of recordings and of their recovery", "./ffpipe/workfile", "TestPowerCut"),
	}
	for _, group := range []bool{false, true} {
		for part := range parts {
			all = append(all, killed(killing{part: part + 1, runs: partRuns, group: group, upload: part%2 == 1}))
		}
	}
	return append(all, fullSlowly(), fullAtOnce(), readable(time.Hour))
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{refused(), away(5 * time.Second), killed(killing{part: 1, runs: 1, upload: true})}
}
