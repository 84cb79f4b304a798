package feed

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// evictedWithin is how soon nothing is left of an egress that another worker has taken over.
const evictedWithin = 10 * time.Second

// evicted has somebody join with the identity of an egress, which is its id: the recorder leaves the egress to them.
func evicted() accept.Case {
	return accept.Case{
		ID: "evicted", Line: 2, Title: "somebody joins as the egress itself: no file, no end is told, nothing is left",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{})
			if err != nil {
				return err
			}
			ids := p.Tracks(0)
			track, err := b.record(ctx, ids[0], "track")
			if err != nil {
				return err
			}
			composite, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
					RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1],
					FileOutputs: files(filepath.Join(b.Media, "composite"), livekit.EncodedFileType_MP4),
				})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, 4*time.Second); err != nil {
				return err
			}
			for kind, r := range map[string]*lab.Recording{"Track": track, "TrackComposite": composite} {
				if err := b.evict(ctx, o, kind, r); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// evict joins as one recording and looks for what is left of it.
func (b *bench) evict(ctx context.Context, o *accept.Outcome, kind string, r *lab.Recording) error {
	id := r.Info.EgressId
	children, err := rig.Descendants(b.Egress.PID)
	if err != nil {
		return err
	}
	mine := slices.DeleteFunc(children, func(p rig.Process) bool { return p.PID == b.Egress.PID })
	if kind == "Track" { // which has none; the other recording's stay
		mine = nil
	}
	joined := time.Now()
	if _, err := b.publish(ctx, publish.Options{Identity: id, AudioOnly: true, FirstCard: 1}); err != nil {
		return err
	}
	gone, cancel := context.WithTimeout(ctx, evictedWithin)
	defer cancel()
	before := rig.LookBefore(filepath.Join(b.Egress.WorkDir, id))
	if err := before.Leaks(gone, mine); err != nil {
		o.Want(false, "%s: %v", kind, err)
	}
	o.Add(kind+": nothing left after", "%v", time.Since(joined).Round(10*time.Millisecond))
	if err := lab.Pause(ctx, 2*time.Second); err != nil {
		return err
	}
	made, err := filepath.Glob(filepath.Join(b.Media, "*"))
	if err != nil {
		return err
	}
	o.Want(len(made) == 0, "%s: files %v", kind, made)
	for _, h := range b.Webhooks.Egress(id) {
		status := h.Event.EgressInfo.Status
		o.Want(status <= livekit.EgressStatus_EGRESS_ACTIVE, "%s: webhook %s, %v", kind, h.Event.Event, status)
	}
	info, err := b.API.WaitEgress(ctx, id, func(*livekit.EgressInfo) bool { return true })
	if err != nil {
		return fmt.Errorf("list egress: %w", err)
	}
	o.Want(info.Status == livekit.EgressStatus_EGRESS_ACTIVE, "%s: %v %q", kind, info.Status, info.Error)
	return nil
}
