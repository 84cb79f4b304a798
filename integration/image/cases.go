package image

import "github.com/ffegress/ffegress/integration/accept"

// Full is every case of the image. `make test` has no time for any of them.
func Full() []accept.Case { return []accept.Case{recorded(), crossed(), chart()} }
