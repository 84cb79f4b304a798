package rtpfeed

import "github.com/livekit/protocol/livekit"

// Channel says where sound goes.
type Channel int

const (
	Both Channel = iota
	Left
	Right
)

// Route chooses sound by exactly one of its first three fields. LiveKit's AudioRoute.
type Route struct {
	Track    string
	Identity string
	Kind     *livekit.ParticipantInfo_Kind
	Channel  Channel
}

func (r Route) match(p Publication) bool {
	switch {
	case r.Track != "":
		return r.Track == p.SID
	case r.Identity != "":
		return r.Identity == p.Identity
	}
	return r.Kind != nil && *r.Kind == p.Kind
}

// Want says which tracks of a room are recorded. The fields of one request kind are set, the others are zero.
type Want struct {
	// Track is the id that a Track egress or a passthrough names.
	Track string

	// AudioTrack and VideoTrack are ids: of a TrackComposite, or VideoTrack of v2 media.
	AudioTrack, VideoTrack string

	// Participant is an identity whose camera and microphone are recorded, or with ScreenShare everything else.
	Participant string
	ScreenShare bool

	// VideoOf is the identity whose camera is recorded, or with PreferScreenShare its screen share instead: of v2 media.
	VideoOf           string
	PreferScreenShare bool

	// AllAudio is every sound in the room: of an audio-only room, or capture_all of v2 media.
	AllAudio bool
	// Routes choose sound unless AllAudio is set; the first that matches decides.
	Routes []Route

	// Stays says that the recording goes on without any track, until the room ends: of v2 media and audio-only rooms.
	Stays bool
}

// Match tells whether a publication is recorded, and where its sound goes.
func (w Want) Match(p Publication) (Channel, bool) {
	if p.SID != "" && (p.SID == w.Track || p.SID == w.AudioTrack || p.SID == w.VideoTrack) {
		return Both, true
	}
	if w.Participant != "" {
		return Both, p.Identity == w.Participant && w.ScreenShare != isFace(p.Source)
	}
	if p.Video {
		want := livekit.TrackSource_CAMERA
		if w.PreferScreenShare {
			want = livekit.TrackSource_SCREEN_SHARE
		}
		return Both, w.VideoOf != "" && p.Identity == w.VideoOf && p.Source == want
	}
	if w.AllAudio {
		return Both, true
	}
	for _, r := range w.Routes {
		if r.match(p) {
			return r.Channel, true
		}
	}
	return Both, false
}

func isFace(s livekit.TrackSource) bool {
	return s == livekit.TrackSource_CAMERA || s == livekit.TrackSource_MICROPHONE
}

// check finds tracks of the wrong kind.
func (w Want) check(p Publication) error {
	switch {
	case p.SID == "":
	case p.SID == w.AudioTrack && p.Video:
		return &FieldError{"audio_track_id"}
	case p.SID == w.VideoTrack && !p.Video:
		return &FieldError{"video_track_id"}
	}
	return nil
}

// ids are the tracks without which nothing is recorded.
func (w Want) ids() []string {
	ids := []string{w.Track, w.AudioTrack, w.VideoTrack}
	if !w.AllAudio {
		for _, r := range w.Routes {
			ids = append(ids, r.Track)
		}
	}
	return present(ids)
}

// identities are the participants without which nothing is recorded.
func (w Want) identities() []string {
	ids := []string{w.Participant, w.VideoOf}
	if !w.AllAudio {
		for _, r := range w.Routes {
			if r.Track == "" {
				ids = append(ids, r.Identity)
			}
		}
	}
	return present(ids)
}

func present(ids []string) (out []string) {
	for _, id := range ids {
		if id != "" {
			out = append(out, id)
		}
	}
	return out
}

// named tells that only tracks named by their ids are recorded.
func (w Want) named() bool {
	return w.Participant == "" && w.VideoOf == "" && !w.AllAudio && len(w.Routes) == 0
}
