package spine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// advancedTake is a recording with options of its own.
type advancedTake struct {
	name    string
	v2, web bool
	options *livekit.EncodingOptions
	bars    float64 // allowed error of the colours
}

func advancedTakes() []advancedTake {
	return []advancedTake{
		{"baseline", false, false, &livekit.EncodingOptions{
			Width: 642, Height: 362, Framerate: 25, VideoCodec: livekit.VideoCodec_H264_BASELINE, VideoBitrate: 600, KeyFrameInterval: 1,
			AudioBitrate: 64, AudioFrequency: 48000,
		}, barError},
		{"high", true, false, &livekit.EncodingOptions{
			Width: 960, Height: 540, Framerate: 24, VideoCodec: livekit.VideoCodec_H264_HIGH, VideoBitrate: 900, KeyFrameInterval: 2.5,
			AudioCodec: livekit.AudioCodec_AAC, AudioBitrate: 192, AudioFrequency: 32000,
		}, barError},
		{"main", true, true, &livekit.EncodingOptions{
			Width: 640, Height: 480, Framerate: 60, VideoCodec: livekit.VideoCodec_H264_MAIN, VideoBitrate: 400, KeyFrameInterval: 0.5, AudioBitrate: 96,
		}, barError},
		// Sixteen bits have five or six for each colour.
		{"small", false, true, &livekit.EncodingOptions{Width: 320, Height: 200, Depth: 16, Framerate: 15, VideoBitrate: 100, AudioFrequency: 22050}, 8},
	}
}

// advanced records with advanced options and looks for each of them in the file.
func advanced(length time.Duration) accept.Case {
	return accept.Case{
		ID: "advanced", Line: 3, Title: fmt.Sprintf("advanced options, v1 and v2, %v each", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 2)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			for _, t := range advancedTakes() {
				report, err := l.advancedRun(ctx, t, length)
				if err != nil {
					return fmt.Errorf("%s: %w", t.name, err)
				}
				o.Add(t.name, "\n```\n%s```", report)
				for _, missed := range t.judge(report) {
					o.Want(false, "%s: %s", t.name, missed)
				}
			}
			return nil
		},
	}
}

func (l *lab) advancedRun(ctx context.Context, t advancedTake, length time.Duration) (*meter.Report, error) {
	info, _, err := l.record(ctx, take{
		id: "advanced-" + t.name, layout: "grid", web: t.web, clip: publish.Size{Width: 640, Height: 360}, v2: t.v2, advanced: t.options,
	}, length)
	if err != nil {
		return nil, err
	}
	ids := []int{0, 1}
	if t.web {
		ids = []int{0}
	}
	return meter.Measure(ctx, info.FileResults[0].Location, meter.Options{IDs: ids})
}

// judge compares what was asked for with what the file is.
func (t advancedTake) judge(r *meter.Report) []string {
	var o accept.Outcome
	want, got := t.options, r.Stream
	// What has fewer pictures than its source can show each only at its next turn.
	coarser := max(0, 1000/float64(want.Framerate)-1000/30.0)
	o.Missed = r.Check(meter.Limits{OffsetP95: offsetP95 + coarser, BarError: t.bars, AllowGaps: true})
	o.Want(got.Width == int(want.Width) && got.Height == int(want.Height), "%dx%d", got.Width, got.Height)
	o.Want(math.Abs(r.FPS-float64(want.Framerate)) < fpsWithin && r.UnevenSteps == 0, "%.3f fps, %d uneven steps", r.FPS, r.UnevenSteps)
	profile := map[livekit.VideoCodec]string{
		livekit.VideoCodec_H264_BASELINE: "Constrained Baseline", livekit.VideoCodec_H264_HIGH: "High",
	}[want.VideoCodec]
	profile = cmp.Or(profile, "Main")
	o.Want(got.Profile == profile, "profile %s, not %s", got.Profile, profile)
	for i := range max(len(r.KeyFrames)-1, 0) {
		gap := r.KeyFrames[i+1] - r.KeyFrames[i]
		o.Want(want.KeyFrameInterval == 0 || math.Abs(gap-want.KeyFrameInterval) < 0.001, "keyframes %.3f s apart", gap)
	}
	o.Want(want.KeyFrameInterval == 0 || len(r.KeyFrames) > 1, "%d keyframes", len(r.KeyFrames))
	o.Want(between(got.VideoRate, 1000*int(cmp.Or(want.VideoBitrate, 3000)), 0.1, 1.1), "video has %d kb/s", got.VideoRate/1000)
	o.Want(between(got.AudioRate, 1000*int(cmp.Or(want.AudioBitrate, 128)), 0.8, 1.15), "sound has %d kb/s", got.AudioRate/1000)
	frequency := int(cmp.Or(want.AudioFrequency, 44100))
	o.Want(got.SampleRate == frequency && got.Channels == 2, "%d Hz, %d channels", got.SampleRate, got.Channels)
	return o.Missed
}

// between is true of what lies between the two shares of want.
func between(got, want int, low, high float64) bool {
	return float64(got) >= low*float64(want) && float64(got) <= high*float64(want)
}
