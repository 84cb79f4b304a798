package plan

import (
	"fmt"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils/guid"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// FromJSON reads the request JSON that `lk egress start --type KIND` takes: protobuf's JSON form of
// RoomCompositeEgressRequest and the like, field names in either spelling. kind is room-composite (or room), web,
// participant, track-composite, track, or egress for the unified request. The egress id is made here. Unknown fields
// and wrong values are errors that name the field.
func FromJSON(kind string, body []byte) (*rpc.StartEgressRequest, error) {
	req := &rpc.StartEgressRequest{EgressId: guid.New(guid.EgressPrefix)}
	var msg proto.Message
	switch strings.ReplaceAll(kind, "_", "-") {
	case "room", "room-composite":
		m := &livekit.RoomCompositeEgressRequest{}
		req.Request, msg = &rpc.StartEgressRequest_RoomComposite{RoomComposite: m}, m
	case "web":
		m := &livekit.WebEgressRequest{}
		req.Request, msg = &rpc.StartEgressRequest_Web{Web: m}, m
	case "participant":
		m := &livekit.ParticipantEgressRequest{}
		req.Request, msg = &rpc.StartEgressRequest_Participant{Participant: m}, m
	case "track-composite":
		m := &livekit.TrackCompositeEgressRequest{}
		req.Request, msg = &rpc.StartEgressRequest_TrackComposite{TrackComposite: m}, m
	case "track":
		m := &livekit.TrackEgressRequest{}
		req.Request, msg = &rpc.StartEgressRequest_Track{Track: m}, m
	case "egress":
		m := &livekit.StartEgressRequest{}
		req.Request, msg = &rpc.StartEgressRequest_Egress{Egress: m}, m
	default:
		return nil, fmt.Errorf("unknown egress type %q", kind)
	}
	if err := protojson.Unmarshal(body, msg); err != nil {
		return nil, fmt.Errorf("could not parse %s request: %s", kind, jsonFault(err))
	}
	return req, nil
}

// jsonFault is protojson's message without its prefix, whose spaces differ from build to build on purpose.
func jsonFault(err error) string {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	return strings.TrimPrefix(text, "proto: ")
}
