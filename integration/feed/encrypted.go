package feed

import (
	"context"
	"net/http"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
)

// encrypted asks for tracks that are encrypted end to end, and for one that is not there.
func encrypted() accept.Case {
	return accept.Case{
		ID: "track-encrypted", Line: 2, Title: "an encrypted track is refused at once, with its reason",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, publish.Options{Encrypted: true})
			if err != nil {
				return err
			}
			for _, id := range p.Tracks(0) {
				asked := time.Now()
				info, err := b.API.StartTrack(ctx, &livekit.TrackEgressRequest{
					RoomName: b.Room, TrackId: id, Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: b.Media + "/x"}},
				})
				if err != nil {
					return err
				}
				if info, err = (&lab.Recording{Lab: b.Lab, Info: info}).End(ctx); err != nil {
					return err
				}
				took := time.Since(asked)
				o.Add("refused after", "%v: %s (%d)", took.Round(time.Millisecond), info.Error, info.ErrorCode)
				o.Want(took < endsWithin, "refused after %v", took)
				o.Want(info.Status == livekit.EgressStatus_EGRESS_FAILED && info.Error == "track is encrypted" &&
					info.ErrorCode == http.StatusPreconditionFailed, "%v: %q (%d)", info.Status, info.Error, info.ErrorCode)
			}
			return nil
		},
	}
}
