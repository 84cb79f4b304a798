package spine

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// layerWithin is how soon after the recording's start no other layer than the right one may be seen: the
// server begins with the lowest one.
const layerWithin = 4.0 // s

// layers are simulcast as browsers make it of a 720p camera. In a recording each is another card.
var layers = []publish.Size{{Width: 320, Height: 180}, {Width: 640, Height: 360}, {Width: 1280, Height: 720}}

// simulcast records a simulcast camera on a stage of its own, where the highest layer must come, and as
// one tile of seventeen, where it must not.
func simulcast(length time.Duration) accept.Case {
	return accept.Case{
		ID: "simulcast", Title: fmt.Sprintf("the simulcast layer that a tile needs, and no higher one, %v", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 0)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			stage, err := l.layersSeen(ctx, o, "stage", "single-speaker", length, nil)
			if err != nil {
				return err
			}
			o.Want(stage[2].Seen && stage[2].First <= layerWithin, "the highest layer is first seen at %.2f s: %v", stage[2].First, stage[2].Seen)
			for _, low := range stage[:2] {
				o.Want(!low.Seen || low.Last <= layerWithin, "on the stage: layer %d still at %.2f s", low.ID, low.Last)
			}
			crowd := []publish.Options{{Name: "a", Participants: 8}, {Name: "b", Participants: 8}}
			tile, err := l.layersSeen(ctx, o, "crowd", "grid", length, crowd)
			if err != nil {
				return err
			}
			o.Want(tile[0].Seen && tile[0].Cadence.Unreadable == 0, "in a small tile: layer 0 seen %v, %d frames without", tile[0].Seen, tile[0].Cadence.Unreadable)
			for _, high := range tile[1:] {
				// Whoever is subscribed first has a larger tile until the others are there.
				o.Want(!high.Seen || high.Last <= layerWithin, "in a small tile: layer %d still at %.2f s", high.ID, high.Last)
			}
			o.Want(!tile[2].Seen, "in a small tile: the highest layer")
			return nil
		},
	}
}

// layersSeen records a room with one simulcast camera and a crowd, and says when each layer was seen.
func (l *lab) layersSeen(ctx context.Context, o *accept.Outcome, room, layout string, length time.Duration, crowd []publish.Options) ([]meter.Participant, error) {
	everybody := append([]publish.Options{{Participants: 1, Layers: layers}}, crowd...)
	for i, who := range everybody {
		who.Room, who.VideoOnly = room, true
		if i > 0 {
			who.FirstCard, who.Sizes = len(layers), []publish.Size{{Width: 160, Height: 90}}
		}
		p, err := l.Publish(ctx, who)
		if err != nil {
			return nil, err
		}
		defer p.Close()
	}
	if err := pause(ctx, settle); err != nil {
		return nil, err
	}
	l.room = room
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartRoomComposite(ctx, l.roomRequest("simulcast-"+room+".mp4", layout))
	})
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, length); err != nil {
		return nil, err
	}
	info, _, err := r.stop(ctx)
	if err != nil {
		return nil, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return nil, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	path := info.FileResults[0].Location
	report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0, 1, 2}, NoSound: true})
	if err != nil {
		return nil, err
	}
	o.Want(len(report.DecodeErrors) == 0, "%s: decode errors: %v", room, report.DecodeErrors)
	for i, p := range report.Participants {
		if p.Seen {
			o.Add(fmt.Sprintf("%s: layer %v", room, layers[i]), "from %.2f to %.2f s at %v", p.First, p.Last, p.Places)
		} else {
			o.Add(fmt.Sprintf("%s: layer %v", room, layers[i]), "never seen")
		}
	}
	sheet := filepath.Join(l.media, "simulcast-"+room+".png")
	return report.Participants, meter.Sheet(ctx, path, sheet, report.VideoDuration, 3, 2, 426)
}
