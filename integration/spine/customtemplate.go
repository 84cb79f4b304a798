package spine

import (
	"context"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/integration/custompage"
	"github.com/ffegress/ffegress/integration/meter"
)

// Where the custom page puts participant 0 in its two layouts.
var (
	customSpeaker = card.Rect{X0: 0, Y0: custompage.Top, X1: 960, Y1: custompage.Top + 540}
	customGrid    = card.Rect{X0: 0, Y0: custompage.Top, X1: 480, Y1: custompage.Top + 270}
)

// customTemplate records a page on @livekit/egress-sdk through custom_base_url, changes its layout, and
// lets the end of the room end the recording.
func customTemplate(hold time.Duration) accept.Case {
	return accept.Case{
		ID: "custom-template", Title: fmt.Sprintf("a page on @livekit/egress-sdk: recorded, UpdateLayout after %v, ended by the room", hold),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			page, err := custompage.Start()
			if err != nil {
				return err
			}
			defer page.Close()
			l, err := newLab(ctx, 3)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
				req := l.roomRequest("custom-template.mp4", "speaker")
				req.CustomBaseUrl = page.URL
				return l.API.StartRoomComposite(ctx, req)
			})
			if err != nil {
				return err
			}
			calls, err := r.relayout(ctx, hold, "grid")
			if err != nil {
				return err
			}
			if err := l.API.DeleteRoom(ctx, l.room); err != nil {
				return err
			}
			info, err := r.end(ctx)
			if err != nil {
				return err
			}
			o.Add("the end", "%v: %s", info.Status, info.Details)
			report, at, err := relayouted(ctx, o, info, calls)
			if err != nil {
				return err
			}
			o.Want(len(report.Participants) == 3, "%d participants", len(report.Participants))
			for _, p := range report.Participants {
				oneMove(o, p, at[0], report.VideoDuration)
			}
			places := report.Participants[0].Places
			o.Want(len(places) == 2 && stands(places[0], customSpeaker) && stands(places[len(places)-1], customGrid),
				"p0 is at %v, should be at %v and %v", places, customSpeaker, customGrid)
			return nil
		},
	}
}

// stands allows for the few pixels by which cards are found.
func stands(p meter.Place, want card.Rect) bool {
	near := func(a, b int) bool { return max(a-b, b-a) <= 4 }
	return near(p.X0, want.X0) && near(p.Y0, want.Y0) && near(p.X1, want.X1) && near(p.Y1, want.Y1)
}
