package plan

import (
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/rtpfeed"
)

// wish is a request of any type in one form: what is asked for, before it is known whether it can be had.
type wish struct {
	kind     string
	roomName string
	inRoom   bool // needs a token and ws_url

	// Chrome sources.
	layout, base, url string
	awaitStart        bool

	// tracks are those to record, of what needs no page, and mixing says where their sound goes.
	tracksOnly bool
	tracks     rtpfeed.Want
	mixing     livekit.AudioMixing
	websocket  string // where the one track's sound goes

	audio, video bool
	preset       livekit.EncodingOptionsPreset
	advanced     *livekit.EncodingOptions
	want         outputSet

	// feature names what this version lacks for the whole type; "" = nothing.
	feature string
}

// wishOf reads a request and checks the fields that belong to its source.
func wishOf(req *rpc.StartEgressRequest) (*wish, error) {
	switch r := req.GetRequest().(type) {
	case *rpc.StartEgressRequest_RoomComposite:
		return roomWish(req, r.RoomComposite)
	case *rpc.StartEgressRequest_Web:
		return webWish(req, r.Web)
	case *rpc.StartEgressRequest_Participant:
		return participantWish(r.Participant)
	case *rpc.StartEgressRequest_TrackComposite:
		return trackCompositeWish(r.TrackComposite)
	case *rpc.StartEgressRequest_Track:
		return trackWish(r.Track)
	case *rpc.StartEgressRequest_Egress:
		return unifiedWish(req, r.Egress.GetRoomName(), r.Egress)
	case *rpc.StartEgressRequest_Replay:
		w, err := unifiedWish(req, "", r.Replay)
		if err == nil {
			w.feature = "replay export"
		}
		return w, err
	}
	return nil, errField("request")
}

func roomWish(req *rpc.StartEgressRequest, r *livekit.RoomCompositeEgressRequest) (*wish, error) {
	w := &wish{
		kind: TypeRoomComposite, roomName: r.GetRoomName(), inRoom: true,
		layout: r.GetLayout(), base: r.GetCustomBaseUrl(), awaitStart: true,
		preset: r.GetPreset(), advanced: r.GetAdvanced(),
	}
	if w.roomName == "" {
		w.roomName = req.RoomName
	}
	if err := w.read(r, r.GetAudioOnly(), r.GetVideoOnly()); err != nil {
		return nil, err
	}
	if w.soundOfRoom() {
		w.composed(allSound())
		w.mixing = r.GetAudioMixing()
	}
	return w, nil
}

func webWish(req *rpc.StartEgressRequest, r *livekit.WebEgressRequest) (*wish, error) {
	w := &wish{
		kind: TypeWeb, roomName: req.RoomName,
		url: r.GetUrl(), awaitStart: r.GetAwaitStartSignal(),
		preset: r.GetPreset(), advanced: r.GetAdvanced(),
	}
	return w, w.read(r, r.GetAudioOnly(), r.GetVideoOnly())
}

func participantWish(r *livekit.ParticipantEgressRequest) (*wish, error) {
	w := &wish{
		kind: TypeParticipant, roomName: r.GetRoomName(), inRoom: true,
		preset: r.GetPreset(), advanced: r.GetAdvanced(),
	}
	if r.GetIdentity() == "" {
		return nil, errField("identity")
	}
	w.composed(rtpfeed.Want{Participant: r.GetIdentity(), ScreenShare: r.GetScreenShare()})
	return w, w.read(r, false, false)
}

func trackCompositeWish(r *livekit.TrackCompositeEgressRequest) (*wish, error) {
	w := &wish{
		kind: TypeTrackComposite, roomName: r.GetRoomName(), inRoom: true,
		preset: r.GetPreset(), advanced: r.GetAdvanced(),
	}
	audio, video := r.GetAudioTrackId() != "", r.GetVideoTrackId() != ""
	if !audio && !video {
		return nil, errField("audio_track_id or video_track_id")
	}
	w.composed(rtpfeed.Want{AudioTrack: r.GetAudioTrackId(), VideoTrack: r.GetVideoTrackId()})
	return w, w.read(r, !video, !audio)
}

func trackWish(r *livekit.TrackEgressRequest) (*wish, error) {
	w := &wish{kind: TypeTrack, roomName: r.GetRoomName(), inRoom: true}
	w.composed(rtpfeed.Want{Track: r.GetTrackId()})
	if r.GetTrackId() == "" {
		return nil, errField("track_id")
	}
	switch out := r.GetOutput().(type) {
	case *livekit.TrackEgressRequest_File:
		w.want.direct = true
		w.want.file = &fileWish{path: out.File.GetFilepath(), bare: out.File.GetDisableManifest()}
		w.want.fileStore = named(out.File)
	case *livekit.TrackEgressRequest_WebsocketUrl:
		if !isURL(out.WebsocketUrl, "ws", "wss") {
			return nil, errURL(out.WebsocketUrl, "invalid scheme")
		}
		w.want.direct, w.want.streamProtocol = true, livekit.StreamProtocol_WEBSOCKET
		w.websocket = out.WebsocketUrl
	default:
		return nil, errField("output")
	}
	return w, nil
}

// read takes the parts that all encoded v1 requests have.
func (w *wish) read(r encodedOutputs, audioOnly, videoOnly bool) error {
	if err := w.flags(audioOnly, videoOnly); err != nil {
		return err
	}
	return w.want.readV1(r)
}

func (w *wish) flags(audioOnly, videoOnly bool) error {
	if audioOnly && videoOnly {
		return errField("audio_only and video_only")
	}
	w.audio, w.video = !videoOnly, !audioOnly
	return nil
}
