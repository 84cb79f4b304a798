package plan

import (
	"cmp"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
)

// presetPassthrough is EncodingOptionsPreset's PASSTHROUGH, which this version of the protocol package cannot name.
const presetPassthrough livekit.EncodingOptionsPreset = 8

// unified is what StartEgressRequest (v2) and ExportReplayRequest share.
type unified interface {
	GetTemplate() *livekit.TemplateSource
	GetWeb() *livekit.WebSource
	GetMedia() *livekit.MediaSource
	GetPreset() livekit.EncodingOptionsPreset
	GetAdvanced() *livekit.EncodingOptions
	GetOutputs() []*livekit.Output
	GetStorage() *livekit.StorageConfig
}

var (
	_ unified = (*livekit.StartEgressRequest)(nil)
	_ unified = (*livekit.ExportReplayRequest)(nil)
)

func unifiedWish(req *rpc.StartEgressRequest, room string, r unified) (*wish, error) {
	w := &wish{roomName: cmp.Or(room, req.RoomName), preset: r.GetPreset(), advanced: r.GetAdvanced()}
	var err error
	switch {
	case r.GetTemplate() != nil:
		t := r.GetTemplate()
		w.kind, w.inRoom, w.awaitStart = TypeTemplate, true, true
		w.layout, w.base = t.Layout, t.CustomBaseUrl
		err = w.flags(t.AudioOnly, t.VideoOnly)
	case r.GetWeb() != nil:
		page := r.GetWeb()
		w.kind, w.url, w.awaitStart = TypeWeb, page.Url, page.AwaitStartSignal
		err = w.flags(page.AudioOnly, page.VideoOnly)
	case r.GetMedia() != nil:
		w.kind, w.inRoom = TypeMedia, true
		w.composed(mediaTracks(r.GetMedia()))
		err = w.media(r.GetMedia())
	default:
		err = errField("source")
	}
	if err != nil {
		return nil, err
	}
	if err := w.want.readV2(r); err != nil {
		return nil, err
	}
	switch {
	case w.passthrough():
		return w, w.checkPassthrough(r.GetMedia())
	case w.kind == TypeTemplate && w.soundOfRoom():
		w.composed(allSound())
	}
	return w, nil
}

func (w *wish) media(m *livekit.MediaSource) error {
	w.video = m.GetVideoTrackId() != "" || m.GetParticipantVideo() != nil
	w.audio = m.GetAudio().GetCaptureAll() || len(m.GetAudio().GetRoutes()) > 0
	if p := m.GetParticipantVideo(); p != nil && p.Identity == "" {
		return errField("identity")
	}
	if !w.audio && !w.video {
		return errField("audio or video")
	}
	return nil
}
