package rtpfeed

import (
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
)

// subscribed begins to read a track, or goes on with the slot that it belongs to.
func (r *Room) subscribed(t *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, rp *lksdk.RemoteParticipant) {
	p := publicationOf(pub, rp)
	if want, err := r.roster.wants(p); err != nil {
		r.finish(err)
		return
	} else if !want || r.dropped[p.SID] {
		return
	}
	codec, err := ParseCodec(t.Codec().MimeType)
	if err != nil {
		if r.roster.required(p) {
			r.finish(&CodecError{err})
		}
		r.dropped[p.SID] = true
		return
	}
	track := Track{
		SID: p.SID, Name: p.Name, Identity: p.Identity, ParticipantName: p.ParticipantName, ParticipantKind: p.Kind,
		Source: p.Source, Codec: codec, ClockRate: t.Codec().ClockRate, Channels: max(int(t.Codec().Channels), 1),
		Width: p.Width, Height: p.Height, Muted: p.Muted, Encrypted: p.Encrypted,
	}
	s, fresh := r.roster.subscribed(p, time.Now())
	in := remote{t, rp}
	a := attachment{id: s.attached, track: track, in: in}
	r.log.Debug("track is subscribed to", "track", p.SID, "codec", codec, "identity", p.Identity, "again", !fresh)
	if fresh {
		if s.feed, err = r.open(s, track); err != nil {
			s.state, s.told = over, true
			r.finish(err)
			return
		}
		s.feed.start(a)
	} else {
		s.feed.replace(a)
	}
	f := s.feed
	in.reports(pub, func(rep Report) {
		f.do(func() {
			if f.track.SID == track.SID {
				f.sink.Report(rep)
			}
		})
	})
	r.current.layer(pub, r.o.Width, r.o.Height)
}

// open makes a new slot's feed with its sink.
func (r *Room) open(s *slot, t Track) (*feed, error) {
	f := newFeed()
	f.wait, f.every, f.log, f.pleas = r.o.Wait, r.o.KeyframeEvery, r.log, &r.pleas
	f.vacant = func(id int) {
		at := time.Now()
		r.mail.post(func() { r.roster.vacant(s, id, at) })
	}
	f.failed = func(err error) { r.mail.post(func() { r.finish(err) }) }
	channel, _ := r.o.Want.Match(s.pub)
	sink, err := r.o.Sink(t, channel, f)
	f.sink = sink
	return f, err
}

// muted hands on what signalling says of a track.
func (r *Room) muted(sid string, muted bool, at time.Time) {
	for _, s := range r.roster.slots {
		if s.pub.SID == sid && s.feed != nil && s.state != over {
			s.feed.mute(muted, at)
		}
	}
}
