package spine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/bare"
	"github.com/ffegress/ffegress/integration/rig"
)

// shape is a picture size with the preset that asks for it.
type shape struct {
	name          string
	preset        livekit.EncodingOptionsPreset
	width, height int
	fps           int
	kbps          int
}

var (
	hd     = shape{"720p30", livekit.EncodingOptionsPreset_H264_720P_30, 1280, 720, 30, 3000}
	fullHD = shape{"1080p30", livekit.EncodingOptionsPreset_H264_1080P_30, 1920, 1080, 30, 4500}
)

// encoder is what the recorder asks of its encoder for this shape.
func (s shape) encoder() ffpipe.EncoderOptions {
	return ffpipe.EncoderOptions{
		Video: true, Audio: true, Width: s.width, Height: s.height, FPS: s.fps,
		VideoBitrate: s.kbps, Profile: "main", AudioBitrate: 128, AudioFrequency: 44100,
	}
}

// Cost is what a recording took: CPU-seconds per recorded second and peak memory by role.
type Cost struct {
	Usage rig.Usage
	Bare  float64 // CPU-seconds per second of an encoder alone, fed the same frames
}

// Sum is the recorder's CPU-seconds per recorded second in all.
func (c Cost) Sum() float64 {
	var sum float64
	for _, r := range c.Usage.Roles {
		sum += r.CPU
	}
	return sum / c.Usage.Wall.Seconds()
}

// Report adds the figures to o.
func (c Cost) Report(o *accept.Outcome) {
	for _, role := range slices.Sorted(maps.Keys(c.Usage.Roles)) {
		u := c.Usage.Roles[role]
		o.Add(role, "%.3f core, peak PSS %.0f MB", u.CPU/c.Usage.Wall.Seconds(), float64(u.PeakPSS)/1e6)
	}
	o.Add("in all", "%.3f core", c.Sum())
	o.Add("bare encoder on the same frames", "%.3f core", c.Bare)
	o.Add("in all : bare encoder", "%.2f", c.Sum()/c.Bare)
}

// cost measures a room composite at one shape.
func cost(s shape, length time.Duration) accept.Case {
	return accept.Case{
		ID: "cost-" + s.name, Line: 5, Title: "CPU and memory of a room composite at " + s.name + ", grid, 3 publishers",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			c, err := MeasureRoom(ctx, s.preset, length)
			if err != nil {
				return err
			}
			c.Report(o)
			return nil
		},
	}
}

// MeasureRoom records a room of three at a preset (720p30 or 1080p30) and measures the cost.
func MeasureRoom(ctx context.Context, preset livekit.EncodingOptionsPreset, length time.Duration) (Cost, error) {
	s := hd
	if preset == fullHD.preset {
		s = fullHD
	}
	l, err := newLab(ctx, 3)
	if err != nil {
		return Cost{}, err
	}
	defer func() { _ = l.close() }()
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		req := l.roomRequest("cost-"+s.name+".mp4", "grid")
		req.Options = &livekit.RoomCompositeEgressRequest_Preset{Preset: s.preset}
		return l.API.StartRoomComposite(ctx, req)
	})
	if err != nil {
		return Cost{}, err
	}
	watching, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	usage, err := rig.Watch(watching, l.Egress.PID, time.Second)
	if err != nil {
		return Cost{}, err
	}
	info, _, err := r.stop(ctx)
	if err != nil {
		return Cost{}, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return Cost{}, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	f := info.FileResults[0]
	cpu, err := bare.Encode(ctx, s.encoder(), f.Location)
	if err != nil {
		return Cost{}, err
	}
	return Cost{Usage: usage, Bare: cpu.Seconds() / time.Duration(f.Duration).Seconds()}, nil
}
