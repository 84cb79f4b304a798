package spine

import (
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"
)

// decodeInfo reads the API's JSON answer.
func decodeInfo(body []byte) (*livekit.EgressInfo, error) {
	info := &livekit.EgressInfo{}
	return info, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, info)
}
