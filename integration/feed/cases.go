package feed

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
)

// Full is every case of issue B, at full length.
func Full() []accept.Case {
	return []accept.Case{
		tracks(publish.VP8, publish.Opus, 20*time.Second),
		tracks(publish.VP9, publish.PCMU, 20*time.Second),
		tracks(publish.H264, publish.PCMA, 20*time.Second),
		tracks(publish.AV1, publish.Opus, 20*time.Second),
	}
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{
		tracks(publish.H264, publish.Opus, 6*time.Second),
	}
}
