package rtpfeed

import "github.com/livekit/protocol/livekit"

// Publication is what the room tells of a track, subscribed or not.
type Publication struct {
	SID, Name                 string
	Identity, ParticipantName string
	ParticipantSID            string
	Kind                      livekit.ParticipantInfo_Kind
	Source                    livekit.TrackSource
	Video                     bool
	MIME                      string // "" until the server knows
	Width, Height             uint32
	Muted, Encrypted          bool
}
