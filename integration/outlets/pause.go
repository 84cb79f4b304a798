package outlets

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// The bars of a pause.
const (
	pauseOffset = 40.0  // ms, p95 of A/V on either side
	pauseStep   = 33.4  // ms, between the medians of A/V on either side: a frame
	pauseWithin = 0.100 // s, of the duration
	pauseMargin = 0.25  // s, around the edges that are not judged: an edge is where the request was handled
)

// pausing is a recording that is paused once.
type pausing struct {
	path             string
	began            time.Time // of the media
	paused, resumed  time.Time
	stopped          time.Time
	cut              bool
	lasts            time.Duration // as told
	participantsSeen []int
}

// wait is how long before, during and after the pause it records.
func (p *pausing) wait(ctx context.Context, side, pause time.Duration, toggle func(resume bool) error) error {
	if err := lab.Pause(ctx, side); err != nil {
		return err
	}
	p.paused = time.Now()
	if err := toggle(false); err != nil {
		return err
	}
	if err := lab.Pause(ctx, pause); err != nil {
		return err
	}
	p.resumed = time.Now()
	if err := toggle(true); err != nil {
		return err
	}
	err := lab.Pause(ctx, side)
	p.stopped = time.Now()
	return err
}

// judge measures the file before and after the pause, and what is in between.
func (p *pausing) judge(ctx context.Context, o *accept.Outcome) error {
	gone := p.resumed.Sub(p.paused).Seconds()
	from, end := p.paused.Sub(p.began).Seconds(), p.stopped.Sub(p.began).Seconds()
	to := from + gone
	if p.cut {
		to, end = from, end-gone
	}
	o.Add("media time, told, of which paused", "%.3f s, %.3f s, %.3f s", end, p.lasts.Seconds(), gone)
	o.Want(math.Abs(p.lasts.Seconds()-end) <= pauseWithin, "the file lasts %.3f s, media time is %.3f s", p.lasts.Seconds(), end)
	whole, err := meter.Measure(ctx, p.path, meter.Options{})
	if err != nil {
		return err
	}
	o.Want(whole.UnevenSteps == 0 && len(whole.DecodeErrors) == 0, "%d uneven steps, decode errors %q", whole.UnevenSteps, whole.DecodeErrors)
	for name, d := range map[string]float64{"picture": whole.VideoDuration, "sound": whole.AudioDuration} {
		o.Want(math.Abs(d-end) <= pauseWithin, "the %s lasts %.3f s, media time is %.3f s", name, d, end)
	}
	var medians []float64
	for _, side := range []struct {
		name     string
		from, to float64
	}{{"before", 0, from - pauseMargin}, {"after", to + pauseMargin, end}} {
		r, err := p.part(ctx, side.name, side.from, side.to, p.participantsSeen)
		if err != nil {
			return err
		}
		o.Add(side.name+" the pause", "\n```\n%s```", r)
		for _, fault := range r.Check(meter.Limits{OffsetP95: pauseOffset, AllowRepeats: true, AllowGaps: true}) {
			o.Want(false, "%s the pause: %s", side.name, fault)
		}
		for _, who := range r.Participants {
			medians = append(medians, who.Offsets.Median)
		}
	}
	if len(medians) == 2 {
		step := math.Abs(medians[1] - medians[0])
		o.Add("A/V before and after, medians", "%.1f and %.1f ms", medians[0], medians[1])
		o.Want(step <= pauseStep, "A/V steps by %.1f ms", step)
	}
	if p.cut {
		return nil
	}
	r, err := p.part(ctx, "slate", from+pauseMargin, to-pauseMargin, nil)
	if err != nil {
		return err
	}
	o.Want(len(r.Participants) == 0 && !r.Pilot.Heard, "something is seen or heard in the pause:\n%s", r)
	return nil
}

// part measures a part of the file, without loss.
func (p *pausing) part(ctx context.Context, name string, from, to float64, ids []int) (*meter.Report, error) {
	out := filepath.Join(filepath.Dir(p.path), name+".mkv")
	if err := ffmpeg(ctx, "-i", p.path, "-ss", fmt.Sprintf("%.3f", from), "-to", fmt.Sprintf("%.3f", to),
		"-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-c:a", "pcm_s16le", out); err != nil {
		return nil, err
	}
	return meter.Measure(ctx, out, meter.Options{IDs: ids, Head: 0.5, Tail: 0.5})
}

// control asks the recorder's control port for something.
func control(ctx context.Context, port int, id, what string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/egress/%s/%s", port, id, what), nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", what, answer.Status, body)
	}
	return err
}

// pauseService pauses an egress of the service over its control port.
func pauseService(cut bool, side, pause time.Duration) accept.Case {
	id, title := "pause-slate", "v2 media: a file, paused with a slate over the control port"
	if cut {
		id, title = "pause-cut", "Web: a file and segments, paused over the control port, the pause cut out"
	}
	return accept.Case{
		ID: id, Line: 0, Title: title,
		Run: func(ctx context.Context, o *accept.Outcome) error {
			ports, err := rig.FreePorts(1)
			if err != nil {
				return err
			}
			options := lab.Options{Name: "outlets", Rig: rig.Options{Config: map[string]any{"browser_pool": 0, "control_port": ports[0]}}}
			if !cut {
				options.Participants = participants
			}
			l, err := lab.New(ctx, options)
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) {
				return askPausable(ctx, l, id, cut, pages.Card(500*time.Millisecond, -1))
			})
			if err != nil {
				return err
			}
			mode := "pause?mode=slate"
			if cut {
				mode = "pause?mode=cut"
			}
			p := &pausing{cut: cut, participantsSeen: []int{0}}
			err = p.wait(ctx, side, pause, func(resume bool) error {
				if resume {
					return control(ctx, ports[0], rec.Info.EgressId, "resume")
				}
				return control(ctx, ports[0], rec.Info.EgressId, mode)
			})
			if err != nil {
				return err
			}
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && strings.Contains(info.Details, "; Paused once, "), "%v: %s %s", info.Status, info.Details, info.Error)
			f := info.FileResults[0]
			p.path, p.began, p.lasts = f.Location, time.Unix(0, f.StartedAt), time.Duration(f.Duration)
			if err := p.judge(ctx, o); err != nil || !cut {
				return err
			}
			return p.judgeSegments(ctx, o, info.SegmentResults[0])
		},
	}
}

// askPausable asks for what is going to be paused.
func askPausable(ctx context.Context, l *lab.Lab, id string, cut bool, page string) (*livekit.EgressInfo, error) {
	path := filepath.Join(l.Media, id+".mp4")
	small := &livekit.EncodingOptions{Width: 640, Height: 360, VideoBitrate: 1500}
	if cut {
		r := order{id: id}
		return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: page, AwaitStartSignal: true,
			FileOutputs:    []*livekit.EncodedFileOutput{{Filepath: path}},
			SegmentOutputs: []*livekit.SegmentedFileOutput{r.segments(l.Media)},
			Options:        &livekit.WebEgressRequest_Advanced{Advanced: small},
		})
	}
	return l.API.StartEgress(ctx, &livekit.StartEgressRequest{
		RoomName: l.Room, Encoding: &livekit.StartEgressRequest_Advanced{Advanced: small},
		Source: &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{
			Video: &livekit.MediaSource_ParticipantVideo{ParticipantVideo: &livekit.ParticipantVideo{Identity: "p0"}},
			Audio: &livekit.AudioConfig{CaptureAll: true},
		}},
		Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: path}}}},
	})
}

// judgeSegments looks whether the segments tell of the cut, and decodes each alone.
func (p *pausing) judgeSegments(ctx context.Context, o *accept.Outcome, told *livekit.SegmentsInfo) error {
	list, err := readPlaylist(told.PlaylistLocation)
	if err != nil {
		return err
	}
	o.Want(math.Abs(list.total()-p.lasts.Seconds()) <= 0.0015*float64(len(list.segments)), "the segments last %.3f s, the file %v", list.total(), p.lasts)
	parts := strings.Split(list.text, "#EXT-X-DISCONTINUITY\n")
	o.Want(len(parts) == 2, "the playlist is\n%s", list.text)
	if len(parts) == 2 {
		before := float64(strings.Count(parts[0], "#EXTINF")) * segmentSeconds
		cut := p.paused.Sub(p.began).Seconds()
		o.Want(before >= cut && before < cut+segmentSeconds+1, "it tells of the cut at %.1f s after %.1f s", cut, before)
	}
	last := list.segments[len(list.segments)-1]
	ends := last.at.Add(time.Duration(last.seconds * float64(time.Second)))
	o.Want(ends.Sub(p.stopped).Abs() <= 2*time.Duration(pauseWithin*float64(time.Second)), "the last segment ends at %v, stopped at %v", ends, p.stopped)
	return list.alone(ctx, o, true)
}
