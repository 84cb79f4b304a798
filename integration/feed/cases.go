package feed

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
)

// Full is every case of issue B, at full length.
func Full() []accept.Case {
	var cases []accept.Case
	for _, r := range matrix {
		cases = append(cases, r.Case)
	}
	cases = append(cases,
		ends(),
		mute(),
		encrypted(),
		evicted(),
		comeback(20*time.Second),
		restart(3*time.Second),
		cost([]int{1, 10, 50}, 15*time.Second),
		latency(20),
		kill(10),
		twoSides(12*time.Second),
		lossy(0.01, 1, 25*time.Second),
		lossy(0.05, 1, 25*time.Second),
		lossy(0.10, 8, 25*time.Second),
		slower(250*time.Millisecond, 20*time.Second),
		resized(20*time.Second),
		skewed(200, 40*time.Second),
		late(2*time.Second, 22*time.Second),
		late(5*time.Second, 25*time.Second),
		simulcast(12*time.Second),
		otherCodec(12*time.Second),
		composedEnds(10*time.Second),
		storm(20),
		composedComeback(20*time.Second),
		composedRestart(3*time.Second),
		composedKill(4),
		composedCost(20*time.Second),
		drift(30*time.Minute),
	)
	for _, t := range fuzzTargets {
		cases = append(cases, fuzzed(t, 10*time.Minute))
	}
	return cases
}

// Sample is what `make test` has time for.
func Sample() []accept.Case {
	return []accept.Case{
		tracks(publish.H264, publish.Opus, 6*time.Second),
		socket(publish.Opus, 4*time.Second),
		kill(1),
		trackComposite(publish.VP8, publish.Opus, 8*time.Second),
		composedKill(1),
	}
}
