package rtpfeed

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// connection is one time that the room was joined.
type connection struct {
	room   *lksdk.Room
	cancel context.CancelFunc
	// asked are the tracks that were subscribed to, by SID, and when.
	asked map[string]time.Time
}

// silence keeps WebRTC's logger, which is the SDK's global one, off stderr: what is worth telling is logged here.
var silence = sync.OnceFunc(func() { lksdk.SetLogger(logger.GetDiscardLogger()) })

// accessToken is where errors of the SDK show the token.
var accessToken = regexp.MustCompile(`access_token=[^&\s"]*`)

// join connects once. What happens in the room is posted.
func (r *Room) join(ctx context.Context) (*connection, error) {
	silence()
	token, err := r.o.Token()
	if err != nil {
		return nil, err
	}
	c := &connection{asked: map[string]time.Time{}}
	c.room = lksdk.NewRoom(r.callbacks(c))
	c.room.SetLogger(logger.GetDiscardLogger())
	// The SDK reconnects with the context that it was given: ctx ends the attempt to join, and nothing after it.
	var life context.Context
	life, c.cancel = context.WithCancel(r.life)
	stop := context.AfterFunc(ctx, c.cancel)
	err = c.room.JoinWithContextAndToken(life, r.o.URL, token,
		lksdk.WithAutoSubscribe(false), lksdk.WithLogger(logger.GetDiscardLogger()),
		lksdk.WithInterceptors([]interceptor.Factory{&lostSound{}}), lksdk.WithIncludeDefaultInterceptors(true))
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		c.leave()
		text := accessToken.ReplaceAllString(strings.ReplaceAll(err.Error(), token, "{token}"), "access_token={token}")
		return nil, fmt.Errorf("join room: %w", errors.New(text))
	}
	return c, nil
}

// leave tells the server, if it can be told.
func (c *connection) leave() {
	c.room.Disconnect()
	c.cancel()
}

// callbacks post what happens on c; what comes of an older connection is ignored.
func (r *Room) callbacks(c *connection) *lksdk.RoomCallback {
	post := func(fn func()) {
		r.mail.post(func() {
			if r.current == c {
				fn()
			}
		})
	}
	look := func() { post(func() {}) } // reconcile follows each message
	cb := lksdk.NewRoomCallback()
	cb.OnParticipantConnected = func(*lksdk.RemoteParticipant) { look() }
	cb.OnTrackPublished = func(*lksdk.RemoteTrackPublication, *lksdk.RemoteParticipant) { look() }
	cb.OnTrackSubscribed = func(t *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, rp *lksdk.RemoteParticipant) {
		post(func() { r.subscribed(t, pub, rp) })
	}
	cb.OnTrackSubscriptionFailed = func(sid string, _ *lksdk.RemoteParticipant) {
		post(func() { delete(c.asked, sid) })
	}
	cb.OnTrackUnpublished = func(pub *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
		at := time.Now()
		post(func() { r.roster.unpublished(pub.SID(), at) })
	}
	cb.OnParticipantDisconnected = func(rp *lksdk.RemoteParticipant) {
		at := time.Now()
		post(func() { r.roster.departed(rp.Identity(), rp.SID(), rp.DisconnectReason(), at) })
	}
	muted := func(muted bool) func(lksdk.TrackPublication, lksdk.Participant) {
		return func(pub lksdk.TrackPublication, _ lksdk.Participant) {
			at := time.Now()
			post(func() { r.muted(pub.SID(), muted, at) })
		}
	}
	cb.OnTrackMuted, cb.OnTrackUnmuted = muted(true), muted(false)
	cb.OnReconnecting = func() {
		post(func() {
			r.log.Info("connection to the room is lost, it is being restored")
			r.roster.away = true
		})
	}
	cb.OnReconnected = func() {
		post(func() {
			r.log.Info("connection to the room is back")
			clear(c.asked)
			r.roster.reconnected(time.Now())
		})
	}
	cb.OnDisconnectedWithReason = func(lksdk.DisconnectionReason) {
		reason := c.room.DisconnectReason()
		post(func() { r.disconnected(reason) })
	}
	return cb
}

// publications are all tracks of the room, and the participants' SIDs by identity.
func (c *connection) publications() (pubs []Publication, sdk []*lksdk.RemoteTrackPublication, sids map[string]string) {
	sids = map[string]string{}
	for _, rp := range c.room.GetRemoteParticipants() {
		sids[rp.Identity()] = rp.SID()
		for _, t := range rp.TrackPublications() {
			if pub, ok := t.(*lksdk.RemoteTrackPublication); ok {
				pubs, sdk = append(pubs, publicationOf(pub, rp)), append(sdk, pub)
			}
		}
	}
	return pubs, sdk, sids
}

func publicationOf(pub *lksdk.RemoteTrackPublication, rp *lksdk.RemoteParticipant) Publication {
	info := pub.TrackInfo()
	return Publication{
		SID: pub.SID(), Name: pub.Name(),
		Identity: rp.Identity(), ParticipantName: rp.Name(), ParticipantSID: rp.SID(),
		Kind: livekit.ParticipantInfo_Kind(rp.Kind()), Source: pub.Source(), Video: pub.Kind() == lksdk.TrackKindVideo,
		MIME: pub.MimeType(), Width: info.GetWidth(), Height: info.GetHeight(), Muted: pub.IsMuted(),
		Encrypted: info.GetEncryption() != livekit.Encryption_NONE,
	}
}

// askAgain is how long it takes until a subscription that was not served is asked for again.
const askAgain = 3 * time.Second

// subscribe asks for a track, and for the layer that is needed.
func (c *connection) subscribe(pub *lksdk.RemoteTrackPublication, width, height uint32, now time.Time) error {
	if at, ok := c.asked[pub.SID()]; ok && now.Sub(at) < askAgain {
		return nil
	}
	c.asked[pub.SID()] = now
	if err := pub.SetSubscribed(true); err != nil {
		return fmt.Errorf("subscribe to %s: %w", pub.SID(), err)
	}
	c.layer(pub, width, height)
	return nil
}

// layer asks for the simulcast layer that has the size, or the largest. Subscriptions begin on the lowest.
func (c *connection) layer(pub *lksdk.RemoteTrackPublication, width, height uint32) {
	if pub.Kind() != lksdk.TrackKindVideo {
		return
	}
	if width > 0 && height > 0 {
		pub.SetVideoDimensions(width, height)
	} else {
		_ = pub.SetVideoQuality(livekit.VideoQuality_HIGH) // the error is for OFF
	}
}

// remote is a subscribed track's stream.
type remote struct {
	*webrtc.TrackRemote
	rp *lksdk.RemoteParticipant
}

var _ stream = remote{}

func (t remote) Read(b []byte) (int, error) {
	n, _, err := t.TrackRemote.Read(b)
	return n, err
}

func (t remote) RequestKeyframe() { t.rp.WritePLI(t.SSRC()) }

// reports hands sender reports of the track to fn.
func (t remote) reports(pub *lksdk.RemoteTrackPublication, fn func(Report)) {
	ssrc := uint32(t.SSRC())
	pub.OnRTCP(func(p rtcp.Packet) {
		if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == ssrc {
			fn(Report{NTP: sr.NTPTime, RTP: sr.RTPTime, Arrived: time.Now()})
		}
	})
}
