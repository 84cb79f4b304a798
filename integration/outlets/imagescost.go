package outlets

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// imagesCPU is the bar of issue D, line 5, for an image of 1280x720 each second, in cores.
const imagesCPU = 0.03

// imagesCost is what images cost beside a file: the recorder itself makes them, so it is held against itself without.
func imagesCost(length time.Duration) accept.Case {
	return accept.Case{
		ID: "images-cost", Line: 5, Title: "what an image each second costs, 1280x720, beside a file",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "outlets"})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 1280, Height: 720})
			if err != nil {
				return err
			}
			defer pages.Close()
			without, err := recorderCost(ctx, l, pages.Card(500*time.Millisecond, -1), "without", false, length)
			if err != nil {
				return err
			}
			with, err := recorderCost(ctx, l, pages.Card(500*time.Millisecond, -1), "with", true, length)
			if err != nil {
				return err
			}
			o.Add("recorder without images, with", "%.3f, %.3f cores", without, with)
			o.Want(with-without <= imagesCPU, "images take %.3f cores", with-without)
			return nil
		},
	}
}

// recorderCost is what the recorder's own process takes while it records a page, in cores.
func recorderCost(ctx context.Context, l *lab.Lab, url, id string, images bool, length time.Duration) (float64, error) {
	r := order{id: id}
	req := &livekit.WebEgressRequest{
		Url: url, AwaitStartSignal: true,
		FileOutputs: []*livekit.EncodedFileOutput{{Filepath: l.Media + "/" + id + ".mp4"}},
	}
	if images {
		req.ImageOutputs = []*livekit.ImageOutput{r.images(l.Media)}
	}
	rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) { return l.API.StartWeb(ctx, req) })
	if err != nil {
		return 0, err
	}
	if err := lab.Pause(ctx, 3*time.Second); err != nil {
		return 0, err
	}
	before, err := cpuOf(l.Egress.PID)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := lab.Pause(ctx, length); err != nil {
		return 0, err
	}
	after, err := cpuOf(l.Egress.PID)
	if err != nil {
		return 0, err
	}
	cores := (after - before) / time.Since(begin).Seconds()
	_, _, err = rec.Stop(ctx)
	return cores, err
}

// cpuOf is what a process has taken since its start, in seconds.
func cpuOf(pid int) (float64, error) {
	all, err := rig.Descendants(pid)
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if p.PID == pid {
			return p.CPU, nil
		}
	}
	return 0, nil
}
