package stores

import "github.com/ffegress/ffegress/integration/accept"

// largeSize is that of the objects of issue E, bytes.
const largeSize = 200_000_000

// Full is every case of issue E that is about stores, at full length.
func Full() []accept.Case {
	cases := []accept.Case{conformance()}
	for _, d := range depots {
		cases = append(cases, large(d.id, d.open, largeSize))
	}
	return append(cases, largeToBackup(largeSize), refusing(), slow(), dying(), both())
}

// Sample is what `make test` has time for.
func Sample() []accept.Case { return []accept.Case{dying()} }
