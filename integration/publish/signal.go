package publish

import (
	"fmt"

	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Mute has participant id mute or unmute a track; sound is track 0, the picture the last.
func (p *Publisher) Mute(id, track int, muted bool) error {
	who := p.participants[id]
	for _, pub := range who.room.LocalParticipant.TrackPublications() {
		if local, ok := pub.(*lksdk.LocalTrackPublication); ok && pub.SID() == who.tracks[track] {
			local.SetMuted(muted)
			return nil
		}
	}
	return fmt.Errorf("participant %d has no track %s", id, who.tracks[track])
}

// Unpublish has participant id take a track away.
func (p *Publisher) Unpublish(id, track int) error {
	who := p.participants[id]
	return who.room.LocalParticipant.UnpublishTrack(who.tracks[track])
}
