package plan

import (
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/config"
)

// SourceKind says what is recorded.
type SourceKind int

const (
	// Room is a template page that joins the room.
	Room SourceKind = iota
	// Web is any page.
	Web
	// Tracks are those of a room, without a browser.
	Tracks
)

// Source is the page, or the tracks, to record.
type Source struct {
	Kind SourceKind

	// Want says which tracks are recorded; Wait is how long a gap in one's packets is waited for, and Grace for how
	// long what vanished may come back.
	Want  rtpfeed.Want  `json:",omitzero"`
	Wait  time.Duration `json:",omitzero"`
	Grace time.Duration `json:",omitzero"`
	// Mixing says on which side tracks of sound are heard, of an audio-only room.
	Mixing livekit.AudioMixing `json:",omitzero"`

	// URL is a Web source's page.
	URL string

	// The parts of a Room source's page: PageURL puts them together.
	BaseURL string
	Layout  string
	WSURL   string
	Token   config.Secret
	mint    func() (config.Secret, error) // nil when the token is the request's own

	// AwaitStart says that recording starts when the page logs START_RECORDING, and not before.
	AwaitStart bool
	// StartTimeout bounds that wait; 0 = for ever.
	StartTimeout time.Duration
}

// source checks urls and credentials.
func (w *wish) source(conf *config.Config, req *rpc.StartEgressRequest) (Source, error) {
	src := Source{AwaitStart: w.awaitStart}
	switch {
	case w.tracksOnly:
		src.Kind, src.Want, src.Wait, src.Grace = Tracks, w.tracks, w.latency(conf).JitterBuffer, conf.RejoinGrace
		src.Mixing = w.mixing
	case w.kind == TypeRoomComposite, w.kind == TypeTemplate:
		if !isURL(w.base, "http", "https") {
			return Source{}, errField("template base url")
		}
		if !trusted(conf, w.base) {
			if err := checkReach(conf, w.base); err != nil {
				return Source{}, err
			}
		}
		src.Kind, src.BaseURL, src.Layout = Room, w.base, w.layout
		if !w.video && conf.BuiltinTemplate(w.base) {
			var err error
			if src.BaseURL, err = browser.SoundOnlyURL(w.base); err != nil {
				return Source{}, errField("template base url")
			}
		}
	case w.kind == TypeWeb:
		if !isURL(w.url, "http", "https") {
			return Source{}, errField("web url")
		}
		if err := checkReach(conf, w.url); err != nil {
			return Source{}, err
		}
		src.Kind, src.URL = Web, w.url
	}
	if src.AwaitStart {
		src.StartTimeout = conf.StartSignalTimeout(src.Kind == Web)
	}
	if !w.inRoom {
		return src, nil
	}
	if src.Token = config.Secret(req.Token); req.Token == "" {
		identity := src.identity(req)
		src.mint = func() (config.Secret, error) { return w.token(conf, identity) }
	}
	src, err := src.Renewed()
	if err != nil {
		return Source{}, err
	}
	if src.WSURL = req.WsUrl; src.WSURL == "" {
		src.WSURL = conf.WSURL
	}
	if src.WSURL == "" {
		return Source{}, errField("ws_url")
	}
	return src, nil
}

// identity is what the recorder is called in the room. A page has the egress' id, by which livekit-server's UpdateLayout
// looks for it; evicted by a later try it merely ends. A recorder of tracks that is evicted throws away what it has, for
// another worker has it all: a later try, which has not, joins under a name of its own.
func (s Source) identity(req *rpc.StartEgressRequest) string {
	if s.Page() {
		return req.EgressId
	}
	return TryName(req.EgressId, req.RetryCount)
}

// Renewed is the source for another browser: with a token made anew, unless it is the request's own, for the first may
// have expired.
func (s Source) Renewed() (Source, error) {
	if s.mint == nil {
		return s, nil
	}
	token, err := s.mint()
	s.Token = token
	return s, err
}

// Page tells that a browser shows what is recorded.
func (s Source) Page() bool { return s.Kind != Tracks }

// InRoom tells that the page joins the room.
func (s Source) InRoom() bool { return s.Kind == Room }

// PageURL is the page to open. A Room's has the token in it: it is for the browser and not for a log.
func (s Source) PageURL() (string, error) {
	if s.Kind == Web {
		return s.URL, nil
	}
	return browser.RoomURL(s.BaseURL, s.Layout, s.WSURL, s.Token.Reveal())
}
