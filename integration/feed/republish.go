package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

const (
	// layerWithin is how soon the layer that the recording needs is there: the server begins with the lowest one.
	layerWithin = 4.0 // s
	// away is how long a publisher needs for taking a picture away and publishing it again.
	away = 2 * time.Second
)

// layers are simulcast as browsers make it of a 720p camera. In a recording each is another card.
var layers = []publish.Size{{Width: 320, Height: 180}, {Width: 640, Height: 360}, {Width: 1280, Height: 720}}

// simulcast records a camera with layers that is taken away and published again.
func simulcast(length time.Duration) accept.Case {
	return accept.Case{
		ID: "simulcast", Line: 2, Title: fmt.Sprintf("the highest layer, and again after a republish, %v each", length),
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			o := publish.Options{Layers: layers}
			f, again, err := b.republished(ctx, out, o, o, length)
			if err != nil {
				return err
			}
			report, err := meter.Measure(ctx, f, meter.Options{IDs: []int{0, 1, 2}})
			if err != nil {
				return err
			}
			out.Add("meter", "\n```\n%s```", report)
			top := report.Participants[2]
			out.Want(top.Seen && top.First <= layerWithin, "the highest layer is first seen at %.2f s: %v", top.First, top.Seen)
			out.Want(top.Last >= again+length.Seconds()-1, "the highest layer is last seen at %.2f s", top.Last)
			for _, gap := range top.Away {
				ends := gap.To - again
				out.Add("published again at, highest layer back after", "%.2f s, %.2f s", again, ends)
				out.Want(gap.From < again && ends <= layerWithin, "the highest layer is away from %.2f to %.2f s", gap.From, gap.To)
			}
			out.Want(len(top.Away) == 1, "the highest layer is away %d times", len(top.Away))
			out.Want(len(report.DecodeErrors) == 0, "decode errors: %v", report.DecodeErrors)
			return nil
		},
	}
}

// otherCodec records a picture that is published again in another codec.
func otherCodec(length time.Duration) accept.Case {
	return accept.Case{
		ID: "republish", Line: 2, Title: fmt.Sprintf("a picture in VP8, published again in H264 after %v, %v each", away, length),
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			f, again, err := b.republished(ctx, out, publish.Options{}, publish.Options{Video: publish.H264}, length)
			if err != nil {
				return err
			}
			for n, look := range []meter.Options{
				{IDs: []int{0}, Head: 1, Tail: length.Seconds() + away.Seconds() + 3},
				{IDs: []int{0}, Head: again + 2, Tail: 0.5},
			} {
				report, err := meter.Measure(ctx, f, look)
				if err != nil {
					return err
				}
				out.Add([]string{"before", "after"}[n], "\n```\n%s```", report)
				out.Missed = append(out.Missed, report.Check(meter.Limits{OffsetP95: offsetP95, BarError: 6, UniqueFPS: 29})...)
			}
			return nil
		},
	}
}

// republished records a participant whose picture is taken away in the middle and published again. It gives the file and
// when the picture was there again, in seconds of the file.
func (b *bench) republished(ctx context.Context, out *accept.Outcome, first, second publish.Options, length time.Duration) (string, float64, error) {
	p, err := b.publish(ctx, first)
	if err != nil {
		return "", 0, err
	}
	r, err := b.somebody(ctx, "p0")
	if err != nil {
		return "", 0, err
	}
	if err := lab.Pause(ctx, length); err != nil {
		return "", 0, err
	}
	if err := p.Unpublish(0, 1); err != nil {
		return "", 0, err
	}
	if err := lab.Pause(ctx, away); err != nil {
		return "", 0, err
	}
	second.VideoOnly = true
	if err := p.Add(ctx, 0, second); err != nil {
		return "", 0, err
	}
	again := time.Since(time.Unix(0, r.Info.FileResults[0].StartedAt)).Seconds()
	if err := lab.Pause(ctx, length); err != nil {
		return "", 0, err
	}
	f, wall, err := delivered(ctx, out, r)
	if err != nil {
		return "", 0, err
	}
	told := time.Duration(f.Duration)
	out.Want((told-wall).Abs().Seconds() <= wallWithin, "EgressInfo says %v, wall clock %v", told, wall)
	return f.Location, again, nil
}
