package plan

import (
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/service/config"
)

// tokenValidity is how long a recorder may take to join again with its token.
const tokenValidity = 24 * time.Hour

// token is made with the configured keys.
func (w *wish) token(conf *config.Config, identity string) (config.Secret, error) {
	if w.roomName == "" || conf.APIKey == "" || conf.APISecret == "" {
		return "", errField("token or api key/secret")
	}
	token, err := recorderToken(conf.APIKey, conf.APISecret.Reveal(), identity, w.roomName)
	if err != nil {
		return "", errField("token or api key/secret")
	}
	return config.Secret(token), nil
}

// recorderToken lets a hidden participant of kind EGRESS, with that identity, join one room, subscribe
// and do nothing else.
func recorderToken(key, secret, identity, room string) (string, error) {
	yes, no := true, false
	return auth.NewAccessToken(key, secret).
		SetIdentity(identity).
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
