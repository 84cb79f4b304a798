package outlets

import (
	"context"
	"math"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

const (
	// wallWithin is how far the sum of the segments, or a file's picture, may be off the wall clock, in seconds.
	wallWithin = 0.100
	// soundTail is how much longer AAC may be, whose last packet is whole.
	soundTail = 0.050
)

// judge looks at everything that a row has made. asked is when the end was asked for.
func (r row) judge(ctx context.Context, o *accept.Outcome, s *stage, info *livekit.EgressInfo, asked time.Time) error {
	o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && info.Error == "", "%v: %s", info.Status, info.Error)
	if r.has("stream") {
		told := info.StreamResults[0]
		whole(o, told, livekit.StreamInfo_FINISHED)
		path, err := s.received()
		if err != nil {
			return err
		}
		seconds, err := received(ctx, o, "what the server got", path, r.ids(), true)
		if err != nil {
			return err
		}
		lasts := time.Duration(told.Duration).Seconds()
		o.Want(seconds >= lasts-wallWithin && seconds <= lasts+streamKeys+1, "the server got %.3f s, told are %.3f s", seconds, lasts)
	}
	root, err := s.fetch()
	if err != nil {
		return err
	}
	if r.has("file") {
		f := info.FileResults[0]
		if err := r.measure(ctx, o, "file", filepath.Join(root, "row", "file.mp4"), span(f.StartedAt, asked)); err != nil {
			return err
		}
	}
	if r.has("segments") {
		if err := r.judgeSegments(ctx, o, root, info.SegmentResults[0], asked); err != nil {
			return err
		}
	}
	if !r.has("images") {
		return nil
	}
	told := proto.CloneOf(info.ImageResults[0])
	told.FilenamePrefix = filepath.Join(root, "row", "images", "i")
	first := 0
	if r.tracks() {
		first = 1 // sound comes before the first keyframe: the image at zero is black
	}
	return judgeImages(ctx, o, told, r.lasts(info, asked), first)
}

// lasts is how long the media is: as told where a file tells it, otherwise by the wall clock.
func (r row) lasts(info *livekit.EgressInfo, asked time.Time) float64 {
	if len(info.FileResults) == 1 {
		return time.Duration(info.FileResults[0].Duration).Seconds()
	}
	i := info.ImageResults[0]
	if i.EndedAt > i.StartedAt {
		return float64(i.EndedAt-i.StartedAt) / 1e9
	}
	return span(i.StartedAt, asked)
}

func span(from int64, to time.Time) float64 { return to.Sub(time.Unix(0, from)).Seconds() }

// ids are whom the meter must find.
func (r row) ids() []int { return order{room: r.source == "room" || r.source == "v2-template"}.ids() }

// measure judges a file against the wall clock; 0 = not against it.
func (r row) measure(ctx context.Context, o *accept.Outcome, name, path string, wall float64) error {
	report, err := meter.Measure(ctx, path, meter.Options{IDs: r.ids()})
	if err != nil {
		return err
	}
	o.Add(name, "\n```\n%s```", report)
	limits := meter.Limits{OffsetP95: storedOffset, BarError: matrixBars, AllowRepeats: true, AllowGaps: true}
	if wall > 0 {
		limits.Wall, limits.WallWithin = wall, wallWithin+soundTail
		o.Want(math.Abs(report.VideoDuration-wall) <= wallWithin, "%s: the picture lasts %.3f s, wall clock %.3f s", name, report.VideoDuration, wall)
	}
	for _, fault := range report.Check(limits) {
		o.Want(false, "%s: %s", name, fault)
	}
	o.Want(report.UnevenSteps == 0, "%s: %d uneven steps", name, report.UnevenSteps)
	return nil
}

// matrixBars is how far colours may be off where a publisher's encoder comes before ours.
const matrixBars = 6.0

func (r row) judgeSegments(ctx context.Context, o *accept.Outcome, root string, told *livekit.SegmentsInfo, asked time.Time) error {
	there := proto.CloneOf(told)
	there.PlaylistLocation = filepath.Join(root, "row", "list.m3u8")
	there.LivePlaylistLocation = filepath.Join(root, "row", "live.m3u8")
	list, err := readPlaylist(there.PlaylistLocation)
	if err != nil {
		return err
	}
	list.judge(o, there)
	if err := list.alone(ctx, o, true); err != nil {
		return err
	}
	wall := span(told.StartedAt, asked)
	o.Add("segments, their sum, wall clock", "%d, %.3f s, %.3f s", len(list.segments), list.total(), wall)
	o.Want(math.Abs(list.total()-wall) <= wallWithin, "the segments last %.3f s, wall clock %.3f s", list.total(), wall)
	joined := filepath.Join(root, "row", "joined.mp4")
	if err := ffmpeg(ctx, "-i", there.PlaylistLocation, "-map", "0", "-c", "copy", joined); err != nil {
		return err
	}
	return r.measure(ctx, o, "segments, as one stream", joined, 0)
}
