package node

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// serverSide is what livekit-server does by itself: it starts an egress with a room, and says of one that is over that
// nothing can be done about it.
func serverSide() accept.Case {
	return accept.Case{
		ID: "server-side", Line: 3, Title: "livekit-server starts an egress with a room; it refuses to stop and change one that is over",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "server-side"})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			_, err = l.API.CallRaw(ctx, "RoomService", "CreateRoom", fmt.Appendf(nil,
				`{"name": "by-itself", "egress": {"room": {"room_name": "by-itself", "audio_only": true, "file_outputs": [{"filepath": %q}]}}}`,
				filepath.Join(l.Media, "by-itself")))
			if err != nil {
				return err
			}
			listed, err := l.API.List(ctx, &livekit.ListEgressRequest{RoomName: "by-itself", Active: true})
			if err != nil || len(listed) != 1 {
				return fmt.Errorf("egresses of the room: %v, %w", listed, err)
			}
			id := listed[0].EgressId
			o.Add("started with its room", "%s, %s", id, listed[0].Status)
			o.Want(strings.HasPrefix(id, "EG_") && listed[0].RoomName == "by-itself" && listed[0].GetRoomComposite().GetAudioOnly(), "%v", listed[0])
			n, err := l.Egress.Said("egress accepted")
			o.Want(err == nil && n == 1, "the recorder accepted %d egresses, %v", n, err)
			if _, err := l.API.Stop(ctx, id); err != nil {
				return err
			}
			end, err := l.API.WaitEgress(ctx, id, rig.Terminal)
			if err != nil {
				return err
			}
			o.Want(end.Status == livekit.EgressStatus_EGRESS_ABORTED && end.ErrorCode == http.StatusPreconditionFailed, "nobody has spoken: %v %q", end.Status, end.Error)
			for what, call := range map[string]func() error{
				"cannot be stopped": func() error { _, err := l.API.Stop(ctx, id); return err },
				"cannot be updated": func() error {
					_, err := l.API.UpdateStream(ctx, &livekit.UpdateStreamRequest{EgressId: id, AddOutputUrls: []string{"rtmp://127.0.0.1:1/live/key"}})
					return err
				},
			} {
				err := call()
				var e *rig.APIError
				o.Add(what, "%v", err)
				o.Want(errors.As(err, &e) && e.Code == "failed_precondition" && strings.Contains(e.Msg, "EGRESS_ABORTED "+what), "%s: %v", what, err)
			}
			active, err := l.API.List(ctx, &livekit.ListEgressRequest{RoomName: "by-itself", Active: true})
			o.Want(err == nil && len(active) == 0, "still active: %v, %v", active, err)
			return nil
		},
	}
}
