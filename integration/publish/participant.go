package publish

import (
	"context"
	"fmt"
	"sync"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/interceptor"
)

// participant is one connection with its tracks.
type participant struct {
	identity string
	room     *lksdk.Room
	sources  []*source
	tracks   []string // SIDs, sound first
}

// silence keeps WebRTC's logger, which is the SDK's global one, off stderr.
var silence = sync.OnceFunc(func() { lksdk.SetLogger(logger.GetDiscardLogger()) })

// join connects and publishes, but sends nothing yet. lost is called when
// the room is lost for good.
func join(ctx context.Context, o Options, id int, lost func(error)) (*participant, error) {
	silence()
	cards := o.Cards(id)
	var material []*Material
	for _, what := range cards {
		m, err := o.Cache.Load(ctx, what)
		if err != nil {
			return nil, err
		}
		material = append(material, m)
	}
	p := &participant{identity: o.name(id)}
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnectedWithReason = func(reason lksdk.DisconnectionReason) {
		lost(fmt.Errorf("%s was disconnected: %v", p.identity, reason))
	}
	p.room = lksdk.NewRoom(callback)
	p.room.SetLogger(logger.GetDiscardLogger())
	err := p.room.JoinWithContext(ctx, o.URL, lksdk.ConnectInfo{
		APIKey: o.APIKey, APISecret: o.APISecret, RoomName: o.Room,
		ParticipantIdentity: p.identity, ParticipantName: p.identity, ParticipantKind: o.kind(),
	}, o.connect()...)
	if err != nil {
		return nil, fmt.Errorf("join as %s: %w", p.identity, err)
	}
	if err := p.publish(ctx, o, id, cards, material); err != nil {
		p.room.Disconnect()
		return nil, fmt.Errorf("publish as %s: %w", p.identity, err)
	}
	return p, nil
}

// connect are the options of a connection.
func (o Options) connect() []lksdk.ConnectOption {
	opts := []lksdk.ConnectOption{lksdk.WithAutoSubscribe(false), lksdk.WithLogger(logger.GetDiscardLogger())}
	if o.Path.any() {
		opts = append(opts, lksdk.WithInterceptors([]interceptor.Factory{o.Path}), lksdk.WithIncludeDefaultInterceptors(true))
	}
	return opts
}

func (p *participant) publish(ctx context.Context, o Options, id int, cards []Card, material []*Material) error {
	if !o.VideoOnly {
		s, err := newAudioSource(o.Audio, material[0], func(n int64) *uint8 { return o.level(id, n) })
		if err != nil {
			return err
		}
		s.drifts(o.PPM)
		err = p.add(s, &lksdk.TrackPublicationOptions{Name: "sound", Source: livekit.TrackSource_MICROPHONE, DisableDTX: true, Encryption: o.encryption()})
		if err != nil {
			return err
		}
	}
	if o.AudioOnly {
		return nil
	}
	largest := cards[len(cards)-1].Size
	opts := &lksdk.TrackPublicationOptions{
		Name: "card", Source: livekit.TrackSource_CAMERA, Encryption: o.encryption(),
		VideoWidth: largest.Width, VideoHeight: largest.Height,
	}
	if len(o.Layers) > 0 {
		return p.addLayers(o.PPM, cards, material, opts)
	}
	var keyed []*Material
	for _, what := range o.keyed(cards[0]) {
		m, err := o.Cache.Load(ctx, what)
		if err != nil {
			return err
		}
		keyed = append(keyed, m)
	}
	a := &answer{material: keyed}
	s, err := newVideoSource(o.Video, material[0], lksdk.WithRTCPHandler(a.hear))
	if err != nil {
		return err
	}
	if s.payload = a.frame; len(o.Changes) > 0 {
		s.payload = changing(keyed)
	}
	s.drifts(o.PPM)
	return p.add(s, opts)
}

func (p *participant) add(s *source, opts *lksdk.TrackPublicationOptions) error {
	bound := make(chan struct{})
	s.track.OnBind(sync.OnceFunc(func() { close(bound) })) // it is bound again after a reconnection
	pub, err := p.room.LocalParticipant.PublishTrack(s.track, opts)
	if err != nil {
		return fmt.Errorf("track %s: %w", opts.Name, err)
	}
	<-bound
	p.sources = append(p.sources, s)
	p.tracks = append(p.tracks, pub.SID())
	return nil
}

// addLayers publishes one track whose layers are all sent always: nothing of
// what a subscriber gets is the publisher's doing.
func (p *participant) addLayers(ppm float64, cards []Card, material []*Material, opts *lksdk.TrackPublicationOptions) error {
	bound := make(chan struct{}, len(cards))
	var tracks []*lksdk.LocalTrack
	var sources []*source
	for i, what := range cards {
		s, err := newVideoSource(what.Video, material[i], lksdk.WithSimulcast(p.identity+"-"+opts.Name, &livekit.VideoLayer{
			Quality: qualities[i], Width: uint32(what.Size.Width), Height: uint32(what.Size.Height),
		}))
		if err != nil {
			return err
		}
		s.drifts(ppm)
		s.track.OnBind(func() { bound <- struct{}{} })
		tracks, sources = append(tracks, s.track), append(sources, s)
	}
	pub, err := p.room.LocalParticipant.PublishSimulcastTrack(tracks, opts)
	if err != nil {
		return fmt.Errorf("track %s: %w", opts.Name, err)
	}
	for range cards {
		<-bound
	}
	p.sources = append(p.sources, sources...)
	p.tracks = append(p.tracks, pub.SID())
	return nil
}

var qualities = []livekit.VideoQuality{livekit.VideoQuality_LOW, livekit.VideoQuality_MEDIUM, livekit.VideoQuality_HIGH}
