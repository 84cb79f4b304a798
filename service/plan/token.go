package plan

import (
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/service/config"
)

// tokenValidity is how long a recorder may take to join again with its token.
const tokenValidity = 24 * time.Hour

// token is the request's own, else one made with the configured keys.
func (w *wish) token(conf *config.Config, req *rpc.StartEgressRequest) (config.Secret, error) {
	if req.Token != "" {
		return config.Secret(req.Token), nil
	}
	if w.roomName == "" || conf.APIKey == "" || conf.APISecret == "" {
		return "", errField("token or api key/secret")
	}
	token, err := recorderToken(conf.APIKey, conf.APISecret.Reveal(), req.EgressId, w.roomName)
	if err != nil {
		return "", errField("token or api key/secret")
	}
	return config.Secret(token), nil
}

// recorderToken lets a hidden participant of kind EGRESS, whose identity is the egress id, join one room, subscribe
// and do nothing else.
func recorderToken(key, secret, egressID, room string) (string, error) {
	yes, no := true, false
	return auth.NewAccessToken(key, secret).
		SetIdentity(egressID).
		SetKind(livekit.ParticipantInfo_EGRESS).
		SetVideoGrant(&auth.VideoGrant{
			RoomJoin:       true,
			Room:           room,
			CanSubscribe:   &yes,
			CanPublish:     &no,
			CanPublishData: &no,
			Hidden:         true,
			Recorder:       true,
		}).
		SetValidFor(tokenValidity).
		ToJWT()
}
