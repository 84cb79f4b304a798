package spine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// unifiedInfo records a page of a room by StartEgress, with a webhook of the request's own, and checks what the API
// and both webhook receivers are told from the answer to the end.
func unifiedInfo(length time.Duration) accept.Case {
	return accept.Case{
		ID: "v2-info", Line: 3, Title: "StartEgress: EgressInfo, the request's own webhooks, ListEgress by room",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 0)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			own, err := rig.StartWebhooks()
			if err != nil {
				return err
			}
			defer own.Close()
			pages, err := servePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			req := l.unified(take{id: "{room_name}-{room_id}", web: true, v2: true, shape: hd}, pages.Card(0, -1))
			req.RoomName = l.room
			req.Webhooks = []*livekit.WebhookConfig{{Url: own.URL, SigningKey: rig.APIKey}}
			req.Storage = &livekit.StorageConfig{}
			var answer *livekit.EgressInfo
			r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
				info, err := l.API.StartEgress(ctx, req)
				answer = info
				return info, err
			})
			if err != nil {
				return err
			}
			if err := pause(ctx, length); err != nil {
				return err
			}
			listed, err := l.API.List(ctx, &livekit.ListEgressRequest{RoomName: l.room, Active: true})
			if err != nil {
				return err
			}
			o.Want(len(listed) == 1 && listed[0].EgressId == r.info.EgressId, "ListEgress by room says %v", listed)
			info, _, err := r.stop(ctx)
			if err != nil {
				return err
			}
			if err := l.oneEnd(ctx, o, info.EgressId); err != nil {
				return err
			}
			if err := sameHooks(ctx, l.Webhooks, own, info.EgressId); err != nil {
				o.Want(false, "the request's own webhook: %v", err)
			}
			name := fmt.Sprintf("%s/%s-%s.mp4", l.media, l.room, info.RoomId)
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && info.Error == "", "%v: %s", info.Status, info.Error)
			o.Want(info.Details == "End reason: StopEgress API", "details %q", info.Details)
			o.Want(strings.HasPrefix(info.RoomId, "RM_"), "room id %q", info.RoomId)
			for _, i := range []*livekit.EgressInfo{answer, r.info, info} {
				at := i.Status.String()
				o.Want(proto.Equal(i.GetEgress(), req), "%s: the request became %v", at, i.Request)
				o.Want(i.RoomName == l.room && i.RoomId == info.RoomId, "%s: room %q %q", at, i.RoomName, i.RoomId)
				o.Want(i.SourceType == livekit.EgressSourceType_EGRESS_SOURCE_TYPE_WEB, "%s: %v", at, i.SourceType)
				//lint:ignore SA1019 clients of 2022 read the deprecated result.
				old := i.GetFile()
				o.Want(len(i.FileResults) == 1 && i.FileResults[0].Filename == name && old.GetFilename() == name, "%s: files %v", at, i.FileResults)
				o.Want(i.StartedAt == answer.StartedAt && i.StartedAt > 0, "%s: started at %d", at, i.StartedAt)
			}
			f := info.FileResults[0]
			o.Want(f.Location == name && f.Size > 0 && f.Duration > 0 && f.StartedAt > 0 && f.EndedAt > f.StartedAt, "file result %v", f)
			played, err := playable(ctx, f.Location)
			o.Add("plays for, duration in EgressInfo", "%.3f s, %.3f s", played.Seconds(), time.Duration(f.Duration).Seconds())
			return err
		},
	}
}

// sameHooks waits until own has been told of the egress' end, and compares what both were told of it.
func sameHooks(ctx context.Context, server, own *rig.Webhooks, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if _, err := own.Wait(ctx, func(e *livekit.WebhookEvent) bool {
		return e.Event == "egress_ended" && e.EgressInfo.GetEgressId() == id
	}); err != nil {
		return err
	}
	events := func(w *rig.Webhooks) (names []string) {
		for _, h := range w.Egress(id) {
			names = append(names, h.Event.Event)
		}
		return names
	}
	if a, b := events(server), events(own); !slices.Equal(a, b) {
		return fmt.Errorf("told %v, the server's %v", b, a)
	}
	return nil
}
