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
	"github.com/ffegress/ffegress/integration/packets"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// The bars of issue B.
const (
	wallWithin = 0.1 // s
	gopWithin  = 4.1 // s
)

// tracks records a participant's picture and its sound, an egress each, and holds each packet against what was sent.
func tracks(video, audio string, length time.Duration) accept.Case {
	return accept.Case{
		ID: "track-" + video + "-" + audio, Line: 1,
		Title: fmt.Sprintf("Track egress of %s and of %s, %v", video, audio, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Video: video, Audio: audio})
			if err != nil {
				return err
			}
			var running []*lab.Recording
			for _, id := range p.Tracks(0) { // sound, picture
				r, err := b.record(ctx, id, "{publisher_identity}-{track_type}-{track_source}")
				if err != nil {
					return err
				}
				running = append(running, r)
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			material, err := materialOf(ctx, publish.Options{Video: video, Audio: audio})
			if err != nil {
				return err
			}
			for i, r := range running {
				info, wall, err := stopped(ctx, r)
				if err != nil {
					return err
				}
				if i == 0 {
					err = judgeSound(ctx, o, audio, info, wall, material.Packets)
				} else {
					err = judgePicture(ctx, o, video, info, wall, material.Frames)
				}
				if err != nil {
					return err
				}
				accepted, first := time.Unix(0, info.StartedAt), time.Unix(0, info.FileResults[0].StartedAt)
				o.Add("accepted → first packet", "%v", first.Sub(accepted).Round(time.Millisecond))
			}
			return nil
		},
	}
}

// materialOf is what participant 0 of a publisher with these options sends.
func materialOf(ctx context.Context, o publish.Options) (*publish.Material, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	o.Participants = 1
	return publish.Cache{Dir: filepath.Join(cache, "material")}.Load(ctx, o.Cards(0)[0])
}

// judgePicture judges a file of a picture that came as it was sent.
func judgePicture(ctx context.Context, o *accept.Outcome, codec string, info *livekit.EgressInfo, wall time.Duration, frames [][]byte) error {
	f := info.FileResults[0]
	want := map[string]string{publish.VP8: ".webm", publish.VP9: ".webm", publish.H264: ".mp4", publish.H265: ".mp4", publish.AV1: ".mp4"}[codec]
	o.Want(filepath.Base(f.Filename) == "p0-video-camera"+want, "%s file is called %s", codec, f.Filename)
	report, err := meter.Measure(ctx, f.Location, meter.Options{IDs: []int{0}, NoSound: true})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	o.Missed = append(o.Missed, report.Check(meter.Limits{BarError: 6, UniqueFPS: 29, Wall: wall.Seconds(), WallWithin: wallWithin})...)
	o.Want(report.LongestGOP <= gopWithin, "%s: keyframes %.2f s apart", codec, report.LongestGOP)
	return judgePackets(ctx, o, codec, f, wall, packets.Sent(codec, frames))
}

// judgeSound judges a file of sound: Opus that came as it was sent, or Opus that was made of G.711.
func judgeSound(ctx context.Context, o *accept.Outcome, codec string, info *livekit.EgressInfo, wall time.Duration, sound [][]byte) error {
	f := info.FileResults[0]
	o.Want(filepath.Base(f.Filename) == "p0-audio-microphone.ogg", "%s file is called %s", codec, f.Filename)
	report, err := meter.Measure(ctx, f.Location, meter.Options{IDs: []int{0}, NoPicture: true})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	o.Missed = append(o.Missed, report.Check(meter.Limits{Wall: wall.Seconds(), WallWithin: wallWithin, AllowGaps: codec != publish.Opus})...)
	if codec != publish.Opus {
		return nil
	}
	return judgePackets(ctx, o, codec, f, wall, packets.Sent(codec, sound))
}

// judgePackets holds the file's packets against the loop that was sent.
func judgePackets(ctx context.Context, o *accept.Outcome, codec string, f *livekit.FileInfo, wall time.Duration, loop []string) error {
	found, err := packets.Of(ctx, f.Location)
	if err != nil {
		return err
	}
	gaps, err := packets.Follow(found, loop)
	o.Want(err == nil, "%s: %v", codec, err)
	o.Want(len(gaps) == 0, "%s: packets are missing: %v", codec, gaps)
	o.Add(codec+" packets, each as it was sent", "%d", len(found))
	told := time.Duration(f.Duration)
	o.Want(math.Abs((told-wall).Seconds()) <= wallWithin, "%s: EgressInfo says %v, wall clock %v", codec, told, wall)
	return nil
}
