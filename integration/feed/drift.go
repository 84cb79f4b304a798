package feed

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

const (
	driftWithin = 5.0 // ms, from the first stretch to the last one
	// judgedAt is what is judged of a long file at once, and lapped what is looked at beside it: a beep on the border.
	judgedAt, lapped = 60.0, 2.0 // s
)

// drift records a small picture with its sound, and the sound of the room, for long: what is at the end is as much in
// its place as what was at the beginning, and the recorder needs no more memory.
func drift(length time.Duration) accept.Case {
	return accept.Case{
		ID: "drift", Line: 3, Title: fmt.Sprintf("a TrackComposite and an audio-only room at once, %v: drift and memory", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Participants: 2, Sizes: []publish.Size{{Width: 320, Height: 180}}})
			if err != nil {
				return err
			}
			ids := p.Tracks(0)
			picture, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
					RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1],
					FileOutputs: files(filepath.Join(b.Media, "long"), livekit.EncodedFileType_MP4),
					Options: &livekit.TrackCompositeEgressRequest_Advanced{Advanced: &livekit.EncodingOptions{
						Width: 320, Height: 180, Framerate: 30, VideoBitrate: 600,
					}},
				})
			})
			if err != nil {
				return err
			}
			sound, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return b.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
					RoomName: b.Room, AudioOnly: true, FileOutputs: files(filepath.Join(b.Media, "long"), livekit.EncodedFileType_OGG),
				})
			})
			if err != nil {
				return err
			}
			if err := b.flat(ctx, o, length); err != nil {
				return err
			}
			for _, r := range []struct {
				*lab.Recording
				look meter.Options
			}{{picture, meter.Options{IDs: []int{0}}}, {sound, meter.Options{IDs: []int{0, 1}, NoPicture: true}}} {
				f, wall, err := delivered(ctx, o, r.Recording)
				if err != nil {
					return err
				}
				if err := judgeLong(ctx, o, f, wall, r.look); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// judgeLong judges a long file stretch by stretch, and the last one against the first.
func judgeLong(ctx context.Context, o *accept.Outcome, f *livekit.FileInfo, wall time.Duration, look meter.Options) error {
	name := filepath.Base(f.Location)
	var first, last *meter.Report
	told := time.Duration(f.Duration)
	o.Add(name+": lasts, wall clock", "%.3f s, %.3f s", told.Seconds(), wall.Seconds())
	o.Want((told-wall).Abs().Seconds() <= wallWithin, "%s: EgressInfo says %v, wall clock %v", name, told, wall)
	o.Want(told.Seconds() >= 2*lapped+judgedAt, "%s: %v are not long", name, told)
	events := 0
	for from := 0.0; from+lapped+judgedAt+lapped <= told.Seconds(); from += judgedAt {
		look.From, look.Length, look.Head, look.Tail = from, lapped+judgedAt+lapped, lapped, lapped
		report, err := meter.Measure(ctx, f.Location, look)
		if err != nil {
			return err
		}
		for _, fault := range report.Check(meter.Limits{OffsetP95: offsetP95}) {
			o.Want(false, "%s from %.0f s on: %s", name, from, fault)
		}
		for _, p := range report.Participants {
			worst := max(p.Offsets.Max, -p.Offsets.Min)
			o.Want(worst <= offsetMax, "%s from %.0f s on: p%d: picture and sound are %.1f ms apart", name, from, p.ID, worst)
			events += p.Flashes.Found + p.Beeps.Found
		}
		if last = report; first == nil {
			first = report
			o.Want(math.Abs(report.Stream.Duration-wall.Seconds()) <= wallWithin, "%s: container lasts %.3f s, wall clock %v", name, report.Stream.Duration, wall)
		}
	}
	o.Add(name+": flashes and beeps", "%d", events)
	if first == nil || first == last {
		return nil
	}
	for i, p := range last.Participants {
		q := first.Participants[i]
		moved := func(what string, by float64) {
			o.Add(fmt.Sprintf("%s: p%d: %s from the first minute to the last one", name, p.ID, what), "%+.2f ms", by)
			o.Want(math.Abs(by) <= driftWithin, "%s: p%d: %s moved by %.2f ms", name, p.ID, what, by)
		}
		moved("beeps in the second", 1000*math.Remainder(p.Beeps.Beat-q.Beeps.Beat, 1))
		if !look.NoPicture {
			moved("flashes in the second", 1000*math.Remainder(p.Flashes.Beat-q.Flashes.Beat, 1))
			moved("sound against picture", p.Offsets.Median-q.Offsets.Median)
		}
	}
	return nil
}
