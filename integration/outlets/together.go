package outlets

import (
	"context"
	"math"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
)

// together makes several outputs in one egress and holds them against each other. offset is the bar of A/V, 0 = none.
func together(r order, length time.Duration, offset float64) accept.Case {
	return accept.Case{
		ID: r.id, Line: 1, Title: r.title,
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := r.newLab(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			rec, done, err := r.place(ctx, l)
			if err != nil {
				return err
			}
			defer done()
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			return r.judge(ctx, o, info, offset)
		},
	}
}

// judge looks at everything that an egress has made.
func (r order) judge(ctx context.Context, o *accept.Outcome, info *livekit.EgressInfo, offset float64) error {
	o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && info.Error == "", "%v: %s", info.Status, info.Error)
	o.Want(info.Result == nil, "the deprecated result is %v", info.Result)
	file, told := info.FileResults[0], info.SegmentResults[0]
	list, err := readPlaylist(told.PlaylistLocation)
	if err != nil {
		return err
	}
	list.judge(o, told)
	if err := list.alone(ctx, o, !r.audioOnly); err != nil {
		return err
	}
	lasts := time.Duration(file.Duration).Seconds()
	within := 0.0015 * float64(len(list.segments)) // each has three decimals
	if r.audioOnly {
		within += 0.05 // the file ends with the programme, AAC with its last packet
	}
	o.Want(math.Abs(list.total()-lasts) <= within, "the segments last %.3f s, the file %.3f s", list.total(), lasts)
	o.Add("segments, their sum, the file", "%d, %.3f s, %.3f s", len(list.segments), list.total(), lasts)

	joined := filepath.Join(filepath.Dir(told.PlaylistLocation), "joined.mp4")
	if err := ffmpeg(ctx, "-i", told.PlaylistLocation, "-map", "0", "-c", "copy", joined); err != nil {
		return err
	}
	for name, path := range map[string]string{"segments, as one stream": joined, "file": file.Location} {
		if err := r.measure(ctx, o, name, path, offset); err != nil {
			return err
		}
	}
	if len(info.ImageResults) == 0 {
		return nil
	}
	return judgeImages(ctx, o, info.ImageResults[0], lasts, 0)
}
