package outlets

import (
	"slices"

	"github.com/ffegress/ffegress/integration/accept"
)

// Full is every case of issue D, at full length.
func Full() []accept.Case { return slices.Concat(stored(), sent(), pauses(), matrix(matrixLength)) }

// Sample is what `make test` has time for.
func Sample() []accept.Case { return slices.Concat(storedSample(), sentSample()) }
