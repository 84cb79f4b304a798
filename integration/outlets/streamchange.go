package outlets

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
)

// update adds a second stream, takes the first out, and then the second.
func update(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-update", Line: 4, Title: "UpdateStream: a second address is added, the first taken out, then the last",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := newStudio(ctx, streamKey, otherKey)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			first, second := s.nginx.URL("live", streamKey), s.nginx.URL("live", otherKey)
			if err := s.air(ctx, false, first); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, started); err != nil {
				return err
			}
			if err := onAir(ctx, length); err != nil {
				return err
			}
			asked := time.Now()
			change := &livekit.UpdateStreamRequest{EgressId: s.id, AddOutputUrls: []string{second}}
			info, err := s.API.UpdateStream(ctx, change)
			if err != nil {
				return err
			}
			o.Want(len(info.StreamResults) == 2, "after adding: %v", info.StreamResults)
			if info, err = s.streams(ctx, 20*time.Second, func(all []*livekit.StreamInfo) bool { return len(all) == 2 && started(all) }); err != nil {
				return err
			}
			took := time.Unix(0, info.StreamResults[1].StartedAt).Sub(asked)
			o.Add("taken by the server after", "%d ms", took.Milliseconds())
			o.Want(took < 2*time.Second, "taken after %v only", took)
			if err := onAir(ctx, length); err != nil {
				return err
			}
			change = &livekit.UpdateStreamRequest{EgressId: s.id, RemoveOutputUrls: []string{first}}
			if info, err = s.API.UpdateStream(ctx, change); err != nil {
				return err
			}
			whole(o, info.StreamResults[0], livekit.StreamInfo_FINISHED)
			if err := onAir(ctx, length); err != nil {
				return err
			}
			_, err = s.API.UpdateStream(ctx, change)
			o.Want(err != nil, "a stream can be taken out twice")
			change.RemoveOutputUrls = []string{second}
			if _, err = s.API.UpdateStream(ctx, change); err != nil {
				return err
			}
			if info, err = s.end(ctx); err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && info.Details == "End reason: All streams stopped", "%v: %s", info.Status, info.Details)
			whole(o, info.StreamResults[1], livekit.StreamInfo_FINISHED)
			s.secretless(o, info)
			if err := s.oneSession(ctx, o, "first", streamKey, 2*length, true); err != nil {
				return err
			}
			return s.oneSession(ctx, o, "second", otherKey, 2*length, true)
		},
	}
}
