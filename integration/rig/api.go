package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// API calls livekit-server's Twirp API with JSON bodies and an admin token.
type API struct {
	URL, Key, Secret string
	Room             string // that methods of one room are allowed for
}

// APIError is a Twirp error as the server sent it.
type APIError struct {
	Status int    // HTTP status
	Code   string // Twirp code, "invalid_argument"
	Msg    string
}

// Error is the code and the message.
func (e *APIError) Error() string { return fmt.Sprintf("%s (%d): %s", e.Code, e.Status, e.Msg) }

// CallRaw posts body to /twirp/livekit.<service>/<method> and gives the
// answer's bytes; an answer other than 200 is an *APIError.
func (a *API) CallRaw(ctx context.Context, service, method string, body []byte) ([]byte, error) {
	token, err := auth.NewAccessToken(a.Key, a.Secret).SetIdentity("rig").SetValidFor(time.Hour).SetVideoGrant(&auth.VideoGrant{
		RoomCreate: true, RoomList: true, RoomAdmin: true, RoomRecord: true, IngressAdmin: true, Room: a.Room,
	}).ToJWT()
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("%s/twirp/livekit.%s/%s", a.URL, service, method)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	if res.StatusCode != http.StatusOK {
		e := &APIError{Status: res.StatusCode}
		if json.Unmarshal(data, &struct {
			Code *string `json:"code"`
			Msg  *string `json:"msg"`
		}{&e.Code, &e.Msg}) != nil {
			e.Msg = string(data)
		}
		return nil, e
	}
	return data, nil
}

func (a *API) call(ctx context.Context, service, method string, req, res proto.Message) error {
	body, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(req)
	if err != nil {
		return err
	}
	data, err := a.CallRaw(ctx, service, method, body)
	if err != nil {
		return err
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, res)
}

func (a *API) egress(ctx context.Context, method string, req proto.Message) (*livekit.EgressInfo, error) {
	info := &livekit.EgressInfo{}
	if err := a.call(ctx, "Egress", method, req, info); err != nil {
		return nil, err
	}
	return info, nil
}

// StartRoomComposite calls StartRoomCompositeEgress.
func (a *API) StartRoomComposite(ctx context.Context, req *livekit.RoomCompositeEgressRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StartRoomCompositeEgress", req)
}

// StartWeb calls StartWebEgress.
func (a *API) StartWeb(ctx context.Context, req *livekit.WebEgressRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StartWebEgress", req)
}

// StartEgress calls StartEgress, the one request of v2 for every source.
func (a *API) StartEgress(ctx context.Context, req *livekit.StartEgressRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StartEgress", req)
}

// StartTrack calls StartTrackEgress.
func (a *API) StartTrack(ctx context.Context, req *livekit.TrackEgressRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StartTrackEgress", req)
}

// StartTrackComposite calls StartTrackCompositeEgress.
func (a *API) StartTrackComposite(ctx context.Context, req *livekit.TrackCompositeEgressRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StartTrackCompositeEgress", req)
}

// StartParticipant calls StartParticipantEgress.
func (a *API) StartParticipant(ctx context.Context, req *livekit.ParticipantEgressRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StartParticipantEgress", req)
}

// Stop calls StopEgress.
func (a *API) Stop(ctx context.Context, id string) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "StopEgress", &livekit.StopEgressRequest{EgressId: id})
}

// UpdateStream calls UpdateStream.
func (a *API) UpdateStream(ctx context.Context, req *livekit.UpdateStreamRequest) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "UpdateStream", req)
}

// UpdateLayout calls UpdateLayout.
func (a *API) UpdateLayout(ctx context.Context, id, layout string) (*livekit.EgressInfo, error) {
	return a.egress(ctx, "UpdateLayout", &livekit.UpdateLayoutRequest{EgressId: id, Layout: layout})
}

// List calls ListEgress.
func (a *API) List(ctx context.Context, req *livekit.ListEgressRequest) ([]*livekit.EgressInfo, error) {
	res := &livekit.ListEgressResponse{}
	err := a.call(ctx, "Egress", "ListEgress", req, res)
	return res.Items, err
}

// Participants calls ListParticipants.
func (a *API) Participants(ctx context.Context, room string) ([]*livekit.ParticipantInfo, error) {
	res := &livekit.ListParticipantsResponse{}
	in := *a
	in.Room = room
	err := in.call(ctx, "RoomService", "ListParticipants", &livekit.ListParticipantsRequest{Room: room}, res)
	return res.Participants, err
}

// CreateRoom makes a room that stays for an hour without participants.
func (a *API) CreateRoom(ctx context.Context, name string) (*livekit.Room, error) {
	room := &livekit.Room{}
	err := a.call(ctx, "RoomService", "CreateRoom", &livekit.CreateRoomRequest{Name: name, EmptyTimeout: 3600, DepartureTimeout: 3600}, room)
	return room, err
}

// DeleteRoom closes a room.
func (a *API) DeleteRoom(ctx context.Context, name string) error {
	return a.call(ctx, "RoomService", "DeleteRoom", &livekit.DeleteRoomRequest{Room: name}, &livekit.DeleteRoomResponse{})
}

// WaitEgress polls ListEgress every 50 ms until want is true of the egress,
// and gives that info; when ctx ends, the last info and an error. For times
// use the webhooks or the process, not this.
func (a *API) WaitEgress(ctx context.Context, id string, want func(*livekit.EgressInfo) bool) (*livekit.EgressInfo, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last *livekit.EgressInfo
	for {
		items, err := a.List(ctx, &livekit.ListEgressRequest{EgressId: id})
		if err == nil && len(items) == 1 {
			if last = items[0]; want(last) {
				return last, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, fmt.Errorf("egress %s is %v, error %q, list error %v: %w", id, last.GetStatus(), last.GetError(), err, ctx.Err())
		case <-tick.C:
		}
	}
}

// Terminal is true of an egress that has ended.
func Terminal(info *livekit.EgressInfo) bool {
	return info.Status >= livekit.EgressStatus_EGRESS_COMPLETE
}

// HasStatus is true of an egress in that status.
func HasStatus(status livekit.EgressStatus) func(*livekit.EgressInfo) bool {
	return func(info *livekit.EgressInfo) bool { return info.Status == status }
}
