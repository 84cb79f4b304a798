package spine

import (
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
)

// presetTakes are the eight presets, spread over room and page, v1 and v2: each of the four twice, once upright. Of
// 1080p, unique pictures are reported only. At 1080p60 two cores are all taken: the encoder, behind when it starts,
// catches up by repeats, and what is judged begins after that.
func presetTakes() []take {
	const portrait30, portrait60 = livekit.EncodingOptionsPreset_PORTRAIT_H264_720P_30, livekit.EncodingOptionsPreset_PORTRAIT_H264_720P_60
	return []take{
		{layout: "grid", v2: true, shape: hd},
		{web: true, shape: shape{"720p60", livekit.EncodingOptionsPreset_H264_720P_60, 1280, 720, 60, 4500}},
		{web: true, v2: true, shape: fullHD, reported: true},
		{layout: "grid", shape: shape{"1080p60", livekit.EncodingOptionsPreset_H264_1080P_60, 1920, 1080, 60, 6000}, reported: true, head: catchUp},
		{layout: "grid", shape: shape{"portrait-720p30", portrait30, 720, 1280, 30, 3000}},
		{web: true, v2: true, shape: shape{"portrait-720p60", portrait60, 720, 1280, 60, 4500}},
		{web: true, shape: shape{"portrait-1080p30", livekit.EncodingOptionsPreset_PORTRAIT_H264_1080P_30, 1080, 1920, 30, 4500}, reported: true},
		{layout: "grid", v2: true, shape: shape{"portrait-1080p60", livekit.EncodingOptionsPreset_PORTRAIT_H264_1080P_60, 1080, 1920, 60, 6000}, reported: true, head: catchUp},
	}
}

// catchUp is how many seconds that may take.
const catchUp = 3

// presets records with each preset once.
func presets(length time.Duration) (cases []accept.Case) {
	for _, t := range presetTakes() {
		api, source := "v1", "room"
		if t.v2 {
			api = "v2"
		}
		if t.web {
			source = "web"
		}
		if t.web && t.shape.height > t.shape.width {
			// As it stands in an upright page: whole, with bars above and below.
			t.clip = publish.Size{Width: 640, Height: 360}
		}
		t.id = "preset-" + t.shape.name
		t.title = source + " " + api + ", preset " + t.shape.preset.String()
		cases = append(cases, onLine(3, quality(t, length, strict)))
	}
	return cases
}
