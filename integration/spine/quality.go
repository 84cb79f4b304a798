package spine

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// The bars of issue A, line 2.
const (
	offsetP95  = 40.0 // ms
	barError   = 4.0  // steps of 8 bits
	uniqueFPS  = 29.0
	wallWithin = 0.1 // s
)

// bars are what a take is held against beside what always must hold (every flash and beep,
// colours, duration). `make test` may run on a machine with other work, where Chrome itself shows
// fewer pictures and plays sound late or with a click; so it judges none of that.
type bars struct {
	offsetP95, uniqueFPS float64
	wallWithin           float64
	gaps                 bool // are allowed
}

var (
	strict = bars{offsetP95, uniqueFPS, wallWithin, false}
	busy   = bars{0, 0, 3 * wallWithin, true}
)

// take is one recording to judge.
type take struct {
	id        string
	title     string
	layout    string // of a room
	shape     shape
	web       bool
	videoOnly bool
	alone     bool // only one participant is shown
	reported  bool // unique pictures are reported, not judged
}

// takes are the recordings of line 2.
func takes() []take {
	return []take{
		{id: "room-speaker", title: "RoomComposite speaker 720p30", layout: "speaker", shape: hd},
		{id: "room-grid", title: "RoomComposite grid 720p30", layout: "grid", shape: hd},
		{id: "room-single", title: "RoomComposite single-speaker 720p30", layout: "single-speaker", shape: hd, alone: true},
		{id: "room-video-only", title: "RoomComposite grid 720p30 video only", layout: "grid", shape: hd, videoOnly: true},
		{id: "web", title: "Web 720p30", shape: hd, web: true},
		{id: "room-1080", title: "RoomComposite grid 1080p30", layout: "grid", shape: fullHD, reported: true},
		{id: "web-1080", title: "Web 1080p30", shape: fullHD, web: true, reported: true},
	}
}

// What is judged is a machine that does nothing else. Where the hypervisor takes more than this share
// of the CPU during a take, Chrome's sound has gaps whatever we do, and the take is made again.
const (
	stealAtMost = 0.003
	takesAtMost = 3
)

// quality records one take for a while and judges the file.
func quality(t take, length time.Duration, b bars) accept.Case {
	return accept.Case{
		ID: t.id, Line: 2, Title: fmt.Sprintf("%s, %v", t.title, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			for n := 1; ; n++ {
				var try accept.Outcome
				stolen, err := attempt(ctx, &try, t, length, b)
				if err != nil {
					return err
				}
				try.Add("stolen by other machines during the take", "%.2f %%", 100*stolen)
				o.Figures = append(o.Figures, try.Figures...)
				if len(try.Missed) == 0 || stolen <= stealAtMost || n == takesAtMost {
					o.Missed = try.Missed
					return nil
				}
				o.Add(fmt.Sprintf("take %d is made again", n), "%s", strings.Join(try.Missed, "; "))
			}
		},
	}
}

// attempt makes one take and returns the share of CPU time that was stolen from the machine meanwhile.
func attempt(ctx context.Context, o *accept.Outcome, t take, length time.Duration, b bars) (float64, error) {
	participants := 3
	if t.web {
		participants = 0
	}
	l, err := newLab(ctx, participants)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.close() }()
	before, err := rig.LookSteal()
	if err != nil {
		return 0, err
	}
	info, wall, err := l.record(ctx, t, length)
	if err != nil {
		return 0, err
	}
	after, err := rig.LookSteal()
	if err != nil {
		return 0, err
	}
	if err := l.oneEnd(ctx, o, info.EgressId); err != nil {
		return 0, err
	}
	return after.Since(before), judge(ctx, o, t, b, info, wall)
}

// record makes the recording; wall is the time from its first frame to the stop.
func (l *lab) record(ctx context.Context, t take, length time.Duration) (*livekit.EgressInfo, time.Duration, error) {
	ask, done, err := l.request(ctx, t)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	r, err := l.start(ctx, ask)
	if err != nil {
		return nil, 0, err
	}
	if err := pause(ctx, length); err != nil {
		return nil, 0, err
	}
	stopped := time.Now()
	info, _, err := r.stop(ctx)
	if err != nil {
		return nil, 0, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return nil, 0, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	return info, stopped.Sub(time.Unix(0, info.FileResults[0].StartedAt)), nil
}

// request is the API call for a take; done frees what it needs while it runs.
func (l *lab) request(ctx context.Context, t take) (ask func() (*livekit.EgressInfo, error), done func(), err error) {
	if !t.web {
		return func() (*livekit.EgressInfo, error) {
			req := l.roomRequest(t.id+".mp4", t.layout)
			req.VideoOnly = t.videoOnly
			req.Options = &livekit.RoomCompositeEgressRequest_Preset{Preset: t.shape.preset}
			return l.API.StartRoomComposite(ctx, req)
		}, func() {}, nil
	}
	pages, err := servePages(ctx, publish.Size{Width: t.shape.width, Height: t.shape.height})
	if err != nil {
		return nil, nil, err
	}
	return func() (*livekit.EgressInfo, error) {
		return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true, FileOutputs: l.file(t.id + ".mp4"),
			Options: &livekit.WebEgressRequest_Preset{Preset: t.shape.preset},
		})
	}, pages.Close, nil
}

// judge measures the file and holds it against the bars.
func judge(ctx context.Context, o *accept.Outcome, t take, b bars, info *livekit.EgressInfo, wall time.Duration) error {
	f := info.FileResults[0]
	ids := []int{0, 1, 2}
	if t.web {
		ids = []int{0}
	}
	if t.alone {
		ids = nil // whoever is shown; all are heard
	}
	report, err := meter.Measure(ctx, f.Location, meter.Options{IDs: ids, NoSound: t.videoOnly, NoPicture: t.alone})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	faults := report.Check(meter.Limits{
		OffsetP95: b.offsetP95, BarError: barError, UniqueFPS: b.uniqueFPS,
		Wall: wall.Seconds(), WallWithin: b.wallWithin, AllowRepeats: t.reported, AllowGaps: b.gaps,
	})
	o.Missed = append(o.Missed, faults...)
	s := report.Stream
	o.Want(s.Width == t.shape.width && s.Height == t.shape.height, "%dx%d", s.Width, s.Height)
	o.Want((s.AudioCodec == "") == t.videoOnly, "audio codec %q", s.AudioCodec)
	o.Add("wall clock, file, duration in EgressInfo", "%.3f s, %.3f s, %.3f s",
		wall.Seconds(), report.Stream.Duration, time.Duration(f.Duration).Seconds())
	sheet := strings.TrimSuffix(f.Location, ".mp4") + ".png"
	if err := meter.Sheet(ctx, f.Location, sheet, 5, 3, 2, 426); err != nil {
		return err
	}
	o.Add("contact sheet", "%s", filepath.Base(sheet))
	return nil
}

// stillest is the longest time for which any participant's picture stands in the recording, which
// must decode without an error.
func stillest(ctx context.Context, info *livekit.EgressInfo) (time.Duration, error) {
	report, err := meter.Measure(ctx, info.FileResults[0].Location, meter.Options{})
	if err != nil {
		return 0, err
	}
	if len(report.DecodeErrors) > 0 {
		return 0, fmt.Errorf("%d decode errors, first %s", len(report.DecodeErrors), report.DecodeErrors[0])
	}
	if report.UnevenSteps > 0 {
		return 0, fmt.Errorf("%d uneven steps in the timestamps", report.UnevenSteps)
	}
	var longest float64
	for _, p := range report.Participants {
		longest = max(longest, p.Cadence.LongestFreeze)
	}
	return time.Duration(longest * float64(time.Millisecond)), nil
}

// playable is how long a file plays without an error: the shorter of its tracks.
func playable(ctx context.Context, path string) (time.Duration, error) {
	report, err := meter.Measure(ctx, path, meter.Options{})
	if err != nil {
		return 0, err
	}
	if len(report.DecodeErrors) > 0 {
		return 0, fmt.Errorf("%d decode errors, first %s", len(report.DecodeErrors), report.DecodeErrors[0])
	}
	return time.Duration(min(report.VideoDuration, report.AudioDuration) * float64(time.Second)), nil
}
