package feed

import (
	"time"

	"github.com/livekit/protocol/livekit"

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
		tracks(publish.H265, publish.Opus, 20*time.Second),
		socket(publish.Opus, 12*time.Second),
		socket(publish.PCMU, 12*time.Second),
		ends(),
		mute(),
		encrypted(),
		evicted(),
		comeback(20 * time.Second),
		restart(3 * time.Second),
		cost([]int{1, 10, 50}, 15*time.Second),
		latency(20),
		kill(10),
		trackComposite(publish.VP8, publish.Opus, 20*time.Second),
		trackComposite(publish.VP9, publish.PCMU, 20*time.Second),
		trackComposite(publish.H264, publish.PCMU, 20*time.Second),
		trackComposite(publish.AV1, publish.Opus, 20*time.Second),
		trackComposite(publish.H265, publish.Opus, 20*time.Second),
		participant(publish.H264, publish.Opus, 20*time.Second),
		media(publish.VP8, publish.PCMU, 20*time.Second),
		soundOfRoom(livekit.EncodedFileType_OGG, 20*time.Second),
		soundOfRoom(livekit.EncodedFileType_MP3, 20*time.Second),
		twoSides(12 * time.Second),
		lossy(0.01, 1, 25*time.Second),
		lossy(0.05, 1, 25*time.Second),
		lossy(0.10, 8, 25*time.Second),
		slower(250*time.Millisecond, 20*time.Second),
		resized(20 * time.Second),
		skewed(200, 40*time.Second),
		late(5*time.Second, 25*time.Second),
		simulcast(12 * time.Second),
		otherCodec(12 * time.Second),
		composedKill(4),
		composedCost(20 * time.Second),
	}
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
