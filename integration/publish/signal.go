package publish

import (
	"context"
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

// Add has participant id publish what o says beside what it publishes already, in step with that. Of o only what
// concerns tracks counts.
func (p *Publisher) Add(ctx context.Context, id int, o Options) error {
	o.Participants, o.Cache = len(p.participants), p.cache
	cards := o.Cards(id)
	var material []*Material
	for _, what := range cards {
		m, err := o.Cache.Load(ctx, what)
		if err != nil {
			return err
		}
		material = append(material, m)
	}
	who := p.participants[id]
	sending := len(who.sources)
	if err := who.publish(ctx, o, id, cards, material); err != nil {
		return err
	}
	p.send(who.sources[sending:])
	return nil
}
