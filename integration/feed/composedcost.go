package feed

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/bare"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	// compositeCost is what a track composite may cost against the bare encoder, soundCost what a room's sound of two
	// may, in cores.
	compositeCost = 1.3
	soundCost     = 0.05
)

// composedCost measures a track composite at 720p30, and the sound of a room of two.
func composedCost(length time.Duration) accept.Case {
	return accept.Case{
		ID: "cost-composed", Line: 4, Title: fmt.Sprintf("CPU and memory of a TrackComposite at 720p30 and of an audio-only room of two, %v each", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Participants: 2, Sizes: []publish.Size{{Width: 1280, Height: 720}}})
			if err != nil {
				return err
			}
			ids := p.Tracks(0)
			f, sum, err := b.measure(ctx, o, "TrackComposite", length, func() (*livekit.EgressInfo, error) {
				return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
					RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1],
					FileOutputs: files(filepath.Join(b.Media, "cost"), livekit.EncodedFileType_MP4),
				})
			})
			if err != nil {
				return err
			}
			cpu, err := bare.Encode(ctx, ffpipe.EncoderOptions{
				Video: true, Audio: true, Width: 1280, Height: 720, FPS: 30, VideoBitrate: 3000, Profile: "main",
				AudioBitrate: 128, AudioFrequency: 44100,
			}, f.Location)
			if err != nil {
				return err
			}
			alone := cpu.Seconds() / time.Duration(f.Duration).Seconds()
			o.Add("bare encoder on the same frames", "%.3f core", alone)
			o.Add("in all : bare encoder", "%.2f", sum/alone)
			o.Want(sum <= compositeCost*alone, "a TrackComposite costs %.2f of the bare encoder, %.1f wanted", sum/alone, compositeCost)
			_, sum, err = b.measure(ctx, o, "audio-only room of two", length, func() (*livekit.EgressInfo, error) {
				return b.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
					RoomName: b.Room, AudioOnly: true, FileOutputs: files(filepath.Join(b.Media, "cost"), livekit.EncodedFileType_OGG),
				})
			})
			o.Want(err != nil || sum <= soundCost, "an audio-only room of two costs %.3f core, %.2f wanted", sum, soundCost)
			return err
		},
	}
}

// measure runs an egress and tells what the recorder took for it, in cores.
func (b *bench) measure(ctx context.Context, o *accept.Outcome, what string, length time.Duration, ask func() (*livekit.EgressInfo, error)) (*livekit.FileInfo, float64, error) {
	r, err := b.Start(ctx, ask)
	if err != nil {
		return nil, 0, err
	}
	// What is held back at first is encoded a little faster than it plays; that is over by then.
	if err := lab.Pause(ctx, settleWait); err != nil {
		return nil, 0, err
	}
	watching, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	usage, err := rig.Watch(watching, b.Egress.PID, time.Second)
	if err != nil {
		return nil, 0, err
	}
	info, _, err := stopped(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	sum := 0.0
	for _, role := range slices.Sorted(maps.Keys(usage.Roles)) {
		u := usage.Roles[role]
		o.Add(what+", "+role, "%.3f core, peak PSS %.0f MB", u.CPU/usage.Wall.Seconds(), float64(u.PeakPSS)/1e6)
		sum += u.CPU / usage.Wall.Seconds()
	}
	o.Add(what+", in all", "%.3f core", sum)
	return info.FileResults[0], sum, nil
}

// settleWait is until a recording has caught up.
const settleWait = 45 * time.Second
