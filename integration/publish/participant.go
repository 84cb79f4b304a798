package publish

import (
	"context"
	"fmt"
	"sync"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// participant is one connection with its tracks.
type participant struct {
	identity string
	room     *lksdk.Room
	sources  []*source
	tracks   []string // SIDs, in the order of sources
}

// silence keeps WebRTC's logger, which is the SDK's global one, off stderr.
var silence = sync.OnceFunc(func() { lksdk.SetLogger(logger.GetDiscardLogger()) })

// join connects and publishes, but sends nothing yet. lost is called when
// the room is lost for good.
func join(ctx context.Context, o Options, id int, lost func(error)) (*participant, error) {
	silence()
	what := o.card(id)
	m, err := o.Cache.Load(ctx, what)
	if err != nil {
		return nil, err
	}
	p := &participant{identity: fmt.Sprintf("p%d", id)}
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnectedWithReason = func(reason lksdk.DisconnectionReason) {
		lost(fmt.Errorf("%s was disconnected: %v", p.identity, reason))
	}
	p.room = lksdk.NewRoom(callback)
	p.room.SetLogger(logger.GetDiscardLogger())
	err = p.room.JoinWithContext(ctx, o.URL, lksdk.ConnectInfo{
		APIKey: o.APIKey, APISecret: o.APISecret, RoomName: o.Room,
		ParticipantIdentity: p.identity, ParticipantName: p.identity,
	}, lksdk.WithAutoSubscribe(false), lksdk.WithLogger(logger.GetDiscardLogger()))
	if err != nil {
		return nil, fmt.Errorf("join as %s: %w", p.identity, err)
	}
	if err := p.publish(o, id, what, m); err != nil {
		p.room.Disconnect()
		return nil, fmt.Errorf("publish as %s: %w", p.identity, err)
	}
	return p, nil
}

func (p *participant) publish(o Options, id int, what Card, m *Material) error {
	if !o.VideoOnly {
		s, err := newAudioSource(m, func(n int64) *uint8 { return o.level(id, n) })
		if err != nil {
			return err
		}
		err = p.add(s, &lksdk.TrackPublicationOptions{Name: "sound", Source: livekit.TrackSource_MICROPHONE, DisableDTX: true})
		if err != nil {
			return err
		}
	}
	if !o.AudioOnly {
		s, err := newVideoSource(m)
		if err != nil {
			return err
		}
		return p.add(s, &lksdk.TrackPublicationOptions{
			Name: "card", Source: livekit.TrackSource_CAMERA,
			VideoWidth: what.Size.Width, VideoHeight: what.Size.Height,
		})
	}
	return nil
}

func (p *participant) add(s *source, opts *lksdk.TrackPublicationOptions) error {
	bound := make(chan struct{})
	s.track.OnBind(func() { close(bound) })
	pub, err := p.room.LocalParticipant.PublishTrack(s.track, opts)
	if err != nil {
		return fmt.Errorf("track %s: %w", opts.Name, err)
	}
	<-bound
	p.sources = append(p.sources, s)
	p.tracks = append(p.tracks, pub.SID())
	return nil
}
