package spine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

const (
	shownWithin = 2.0       // s, from the call of UpdateLayout to the picture
	oneFrame    = 1.5 / 30. // s
)

// relayout is one call of UpdateLayout.
type relayout struct {
	layout string
	asked  time.Time
}

// updateLayout changes the layout in mid-recording, by livekit-server: each change must be seen in the
// file soon, all at once, and no picture may vanish that stays.
func updateLayout(hold time.Duration) accept.Case {
	return accept.Case{
		ID: "update-layout", Title: fmt.Sprintf("UpdateLayout speaker → grid → single-speaker → grid, each after %v", hold),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartRoomComposite(ctx, l.roomRequest("update-layout.mp4", "speaker"))
			})
			if err != nil {
				return err
			}
			calls, err := r.relayout(ctx, hold, "grid", "single-speaker", "grid")
			if err != nil {
				return err
			}
			info, _, err := r.stop(ctx)
			if err != nil {
				return err
			}
			report, at, err := relayouted(ctx, o, info, calls)
			if err != nil {
				return err
			}
			stayed := 0
			for _, p := range report.Participants {
				oneMove(o, p, at[0], at[1])
				if stays(o, p, at[1], at[2]) {
					stayed++
				}
			}
			o.Want(stayed == 1, "%d participants stayed with single-speaker", stayed)
			return nil
		},
	}
}

// relayout calls UpdateLayout for one layout after the other, with hold before, between and after.
func (r *recording) relayout(ctx context.Context, hold time.Duration, layouts ...string) ([]relayout, error) {
	var calls []relayout
	for _, layout := range layouts {
		if err := pause(ctx, hold); err != nil {
			return nil, err
		}
		calls = append(calls, relayout{layout, time.Now()})
		if _, err := r.lab.API.UpdateLayout(ctx, r.info.EgressId, layout); err != nil {
			return nil, fmt.Errorf("update layout to %s: %w", layout, err)
		}
	}
	return calls, pause(ctx, hold)
}

// relayouted measures the file and gives the calls' places on its timeline, in seconds.
func relayouted(ctx context.Context, o *accept.Outcome, info *livekit.EgressInfo, calls []relayout) (*meter.Report, []float64, error) {
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE || len(info.FileResults) != 1 {
		return nil, nil, fmt.Errorf("%v with %d files: %s", info.Status, len(info.FileResults), info.Error)
	}
	f := info.FileResults[0]
	report, err := meter.Measure(ctx, f.Location, meter.Options{})
	if err != nil {
		return nil, nil, err
	}
	o.Want(len(report.DecodeErrors) == 0, "decode errors: %v", report.DecodeErrors)
	var at []float64
	for _, c := range calls {
		at = append(at, c.asked.Sub(time.Unix(0, f.StartedAt)).Seconds())
		o.Add("UpdateLayout "+c.layout, "asked at %.2f s", at[len(at)-1])
	}
	for _, p := range report.Participants {
		o.Add(fmt.Sprintf("p%d", p.ID), "places %v, away %.2f", p.Places, p.Away)
	}
	sheet := strings.TrimSuffix(f.Location, ".mp4") + ".png"
	if err := meter.Sheet(ctx, f.Location, sheet, report.VideoDuration, 4, 4, 320); err != nil {
		return nil, nil, err
	}
	o.Add("contact sheet", "%s", filepath.Base(sheet))
	return report, at, nil
}

// oneMove wants the card to take exactly one new place soon after a change at from, up to the next one,
// and to be there in every frame meanwhile.
func oneMove(o *accept.Outcome, p meter.Participant, from, to float64) {
	var moves []meter.Place
	for _, place := range p.Places {
		if place.From >= from && place.From < to {
			moves = append(moves, place)
		}
	}
	if len(moves) != 1 {
		o.Want(false, "p%d: %d moves from %.2f to %.2f: %v", p.ID, len(moves), from, to, moves)
		return
	}
	o.Add(fmt.Sprintf("p%d moved after", p.ID), "%.0f ms", 1000*(moves[0].From-from))
	o.Want(moves[0].From-from <= shownWithin, "p%d moved only %.2f s after the call", p.ID, moves[0].From-from)
	for _, a := range p.Away {
		if a.From < to && a.To > from {
			o.Want(a.To-a.From < oneFrame, "p%d vanished from %.3f to %.3f", p.ID, a.From, a.To)
		}
	}
}

// stays says whether a card was there all the time. One that was not must have vanished soon after the
// change at gone and come back soon after the one at back.
func stays(o *accept.Outcome, p meter.Participant, gone, back float64) bool {
	away := slices.DeleteFunc(slices.Clone(p.Away), func(a meter.Span) bool { return a.To < gone || a.To-a.From < oneFrame })
	if len(away) == 0 {
		return true
	}
	went, came := away[0].From-gone, away[0].To-back
	o.Want(len(away) == 1 && went >= 0 && went <= shownWithin && came >= 0 && came <= shownWithin,
		"p%d was away %.2f, changes were asked for at %.2f and %.2f", p.ID, away, gone, back)
	return false
}
