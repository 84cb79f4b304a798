package outlets

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"strings"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

const (
	streamOffset  = 40.0  // ms, p95 of A/V
	streamKeys    = 2.0   // seconds between keyframes, as asked for
	keysWithin    = 0.020 // s
	streamNearNil = 0.2   // s: a session's first time
)

// received judges what a server got in one session: it decodes, begins on a keyframe near zero, and has every flash and
// beep of the participants. It returns how long it is in seconds.
func received(ctx context.Context, o *accept.Outcome, name, path string, ids []int, strict bool) (float64, error) {
	if strings.HasSuffix(path, ".ts") {
		var err error
		if path, err = fromTS(ctx, path); err != nil {
			return 0, err
		}
	}
	r, err := meter.Measure(ctx, path, meter.Options{IDs: ids})
	if err != nil {
		return 0, err
	}
	o.Add(name, "\n```\n%s```", r)
	l := meter.Limits{AllowRepeats: true, AllowGaps: true}
	if strict {
		l.OffsetP95 = streamOffset
	}
	for _, fault := range r.Check(l) {
		o.Want(false, "%s: %s", name, fault)
	}
	o.Want(r.UnevenSteps == 0, "%s: %d uneven steps in the timestamps", name, r.UnevenSteps)
	if len(r.KeyFrames) == 0 {
		return 0, fmt.Errorf("%s: no keyframe", name)
	}
	o.Want(r.KeyFrames[0] == r.VideoStart, "%s: begins %.3f s before its first keyframe", name, r.KeyFrames[0]-r.VideoStart)
	o.Want(math.Abs(r.VideoStart) < streamNearNil, "%s: begins at %.3f s", name, r.VideoStart)
	for i := range r.KeyFrames[1:] {
		step := r.KeyFrames[i+1] - r.KeyFrames[i]
		o.Want(math.Abs(step-streamKeys) <= keysWithin, "%s: keyframes %.3f s apart at %.3f s", name, step, r.KeyFrames[i])
	}
	return r.VideoDuration, nil
}

// besides judges the file beside the streams: nothing that happened to them may be seen in it.
func besides(ctx context.Context, o *accept.Outcome, info *livekit.EgressInfo) error {
	if len(info.FileResults) != 1 || info.FileResults[0].Location == "" {
		return fmt.Errorf("no file: %v", info)
	}
	r, err := meter.Measure(ctx, info.FileResults[0].Location, meter.Options{IDs: []int{0}})
	if err != nil {
		return err
	}
	o.Add("file beside", "\n```\n%s```", r)
	for _, fault := range r.Check(meter.Limits{AllowRepeats: true, AllowGaps: true}) {
		o.Want(false, "file beside: %s", fault)
	}
	o.Want(r.UnevenSteps == 0, "file beside: %d uneven steps in the timestamps", r.UnevenSteps)
	return nil
}

// whole is what the results of streams must have, however they ended.
func whole(o *accept.Outcome, s *livekit.StreamInfo, status livekit.StreamInfo_Status) {
	o.Want(s.Status == status, "stream %s is %v: %s", s.Url, s.Status, s.Error)
	o.Want(s.StartedAt > 0 && s.EndedAt >= s.StartedAt && s.Duration == s.EndedAt-s.StartedAt, "stream %s: from %d to %d, %d", s.Url, s.StartedAt, s.EndedAt, s.Duration)
	o.Want((s.Error == "") == (status == livekit.StreamInfo_FINISHED), "stream %s: error %q", s.Url, s.Error)
	o.Want((s.LastRetryAt > 0) == (s.Retries > 0), "stream %s: %d retries, the last at %d", s.Url, s.Retries, s.LastRetryAt)
}

// fromTS puts the packets of an MPEG-TS into a Matroska file beside it: of MPEG-TS ffmpeg decodes each track from its own
// first time on, even with -copyts, so that their distance could not be seen.
func fromTS(ctx context.Context, path string) (string, error) {
	out := strings.TrimSuffix(path, ".ts") + ".mkv"
	text, err := exec.CommandContext(ctx, "ffmpeg", "-y", "-loglevel", "error", "-copyts", "-i", path, "-c", "copy", out).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("copy %s: %w: %s", path, err, text)
	}
	return out, nil
}
