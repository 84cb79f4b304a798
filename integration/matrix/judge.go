package matrix

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

// What a recording may differ by from the wall clock: a stream begins when its server takes it, and a track's picture at a
// keyframe.
const (
	wallWithin   = 1.0 // s
	streamWithin = 3.0
	// missing is the share of flashes and beeps that a network may cost.
	missing = 0.1
)

// judge looks at what was made of a recording that was told to end.
func (b *bench) judge(ctx context.Context, o *accept.Outcome, info *livekit.EgressInfo, from, to, name string, asked time.Time) error {
	path, began, within := "", int64(0), wallWithin
	switch to {
	case file:
		if len(info.FileResults) != 1 {
			return fmt.Errorf("%d files", len(info.FileResults))
		}
		path, began = info.FileResults[0].Location, info.FileResults[0].StartedAt
	case segments:
		if len(info.SegmentResults) != 1 {
			return fmt.Errorf("%d playlists", len(info.SegmentResults))
		}
		path, began = info.SegmentResults[0].PlaylistLocation, info.SegmentResults[0].StartedAt
	case stream:
		made, err := b.nginx.Recordings(name)
		if err != nil {
			return err
		}
		if len(made) != 1 || len(info.StreamResults) != 1 {
			return fmt.Errorf("%d sessions at the RTMP server, %d told", len(made), len(info.StreamResults))
		}
		path, began, within = made[0], info.StreamResults[0].StartedAt, streamWithin
	}
	wall := asked.Sub(time.Unix(0, began)).Seconds()
	report, err := meter.Measure(ctx, path, meter.Options{NoSound: from == track})
	if err != nil {
		return err
	}
	o.Add("file", "%s", path)
	o.Add("meter", "\n```\n%s```", report)
	o.Want(len(report.DecodeErrors) == 0, "%d errors when it is decoded: %v", len(report.DecodeErrors), report.DecodeErrors)
	o.Want(math.Abs(report.VideoDuration-wall) <= within, "the picture lasts %.2f s, wall clock %.2f s", report.VideoDuration, wall)
	o.Want(from == track || math.Abs(report.AudioDuration-wall) <= within, "the sound lasts %.2f s, wall clock %.2f s", report.AudioDuration, wall)
	b.judgeCard(o, report, from)
	return nil
}

// judgeCard looks for this test's own participant, or page; others may be there too.
func (b *bench) judgeCard(o *accept.Outcome, r *meter.Report, from string) {
	for _, p := range r.Participants {
		if p.ID != 0 {
			continue
		}
		o.Want(p.Seen && (p.Heard || from == track), "seen %t, heard %t", p.Seen, p.Heard)
		if from == web || !b.config.Muting {
			o.Want(few(p.Flashes) && few(p.Beeps), "of %d flashes %d are missing, of %d beeps %d", p.Flashes.Expected, len(p.Flashes.Missing), p.Beeps.Expected, len(p.Beeps.Missing))
		}
		return
	}
	o.Want(false, "the test's own participant is neither seen nor heard")
}

func few(e meter.Events) bool { return float64(len(e.Missing)) <= 1+missing*float64(e.Expected) }
