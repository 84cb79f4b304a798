package plan

import (
	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/rtpfeed"
)

// toSocket tells that sound is sent to WebSockets.
func (o *outputSet) toSocket() bool {
	return o.stream != nil && o.streamProtocol == livekit.StreamProtocol_WEBSOCKET
}

// checkSocket takes the picture out of what is sent to WebSockets: they have sound only, and who asks for both gets that.
func (w *wish) checkSocket() error {
	if !w.want.toSocket() || !w.audio {
		return nil
	}
	w.video = false
	w.tracks = withoutPicture(w.tracks)
	if len(w.want.images) > 0 {
		return errField("audio_only images")
	}
	return nil
}

// withoutPicture are tracks of v2 media of which only the sound is wanted.
func withoutPicture(t rtpfeed.Want) rtpfeed.Want {
	t.VideoTrack, t.VideoOf = "", ""
	return t
}
