package plan

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/config"
)

var (
	containerWebM = container{name: "video/webm", ext: ".webm", muxer: ffpipe.WebM}

	// trackContainers are what tracks are recorded into as they come.
	trackContainers = map[rtpfeed.Codec]container{
		rtpfeed.Opus: containerOGG, rtpfeed.PCMU: containerOGG, rtpfeed.PCMA: containerOGG,
		rtpfeed.VP8: containerWebM, rtpfeed.VP9: containerWebM,
		rtpfeed.H264: containerMP4, rtpfeed.H265: containerMP4, rtpfeed.AV1: containerMP4,
	}
)

// decideTrack is decide for a request whose one track is recorded as it comes.
func (w *wish) decideTrack(conf *config.Config, req *rpc.StartEgressRequest, now time.Time) (*Plan, error) {
	src, err := w.source(conf, req)
	if err != nil {
		return nil, err
	}
	if err := w.checkStorage(conf); err != nil {
		return nil, err
	}
	if err := outputs.RetrySafe(w.want.filePath(), int(req.RetryCount)); err != nil {
		return nil, errRetry()
	}
	p := &Plan{
		EgressID:    req.EgressId,
		RoomID:      req.RoomId,
		RoomName:    w.roomName,
		Type:        TypeTrack, // also by PASSTHROUGH
		AcceptedAt:  now,
		Source:      src,
		Passthrough: true,
		WebSocket:   config.Secret(w.websocket),
		MaxDuration: conf.SessionLimits.FileOutputMaxDuration,
		FFmpeg:      conf.Binaries.FFmpeg,
		WorkDir:     filepath.Join(conf.WorkDir, TryName(req.EgressId, req.RetryCount)),
		Debug:       debugOf(conf),
	}
	if w.websocket != "" {
		p.MaxDuration = conf.SessionLimits.StreamOutputMaxDuration
	}
	if p.Stores, err = w.stores(conf); err != nil {
		return nil, err
	}
	p.name = func(t rtpfeed.Track) (File, error) {
		f, err := w.trackFile(conf, req, now, t)
		if err == nil && !p.Stores.File.Local() {
			f.Path = filepath.Join(p.WorkDir, "recording"+filepath.Ext(f.Name))
		}
		return f, err
	}
	// What is wrong with the name itself is told at once; tokens of the track stay as they are for now.
	tokens := w.tokens(req, now)
	if _, err := outputs.FileName(w.want.filePath(), "", tokens); errors.Is(err, outputs.ErrName) {
		return nil, errField("filepath")
	}
	p.File.Requested, p.File.Name = w.want.filePath(), tokens.ExpandPath(w.want.filePath())
	p.File.Bare = w.want.file != nil && w.want.file.bare
	if err := w.checkSupported(); err != nil {
		return nil, err
	}
	p.Info = p.info(req)
	return p, nil
}

// CheckSocket refuses a track that a WebSocket can not take.
func CheckSocket(t rtpfeed.Track) error {
	if t.Codec.Video() {
		return errIncompatible("websocket", strings.ToLower(t.Codec.String()))
	}
	return nil
}

// NameTrack settles the file of a plan whose track is recorded as it comes, now that the track is known.
func (p *Plan) NameTrack(t rtpfeed.Track) (File, error) { return p.name(t) }

// trackFile names the file for a track.
func (w *wish) trackFile(conf *config.Config, req *rpc.StartEgressRequest, now time.Time, t rtpfeed.Track) (File, error) {
	in, ok := trackContainers[t.Codec]
	if !ok {
		return File{}, errUnsupported(t.Codec.String())
	}
	tokens := w.tokens(req, now)
	tokens.HasPublisher, tokens.PublisherIdentity = true, t.Identity
	tokens.HasTrack, tokens.TrackID, tokens.TrackType = true, t.SID, "audio"
	if t.Codec.Video() {
		tokens.TrackType = "video"
	}
	tokens.TrackSource = strings.ToLower(t.Source.String())
	f, err := w.fileIn(conf, in, tokens)
	f.Container = in.muxer
	return f, err
}

// filePath is the filepath as it was asked for.
func (o *outputSet) filePath() string {
	if o.file == nil {
		return ""
	}
	return o.file.path
}

// passthrough tells that one track is recorded as it comes.
func (w *wish) passthrough() bool {
	return w.kind == TypeTrack || w.kind == TypeMedia && w.preset == presetPassthrough
}

// checkPassthrough looks at what PASSTHROUGH allows of a v2 media request, and says which track it is.
func (w *wish) checkPassthrough(m *livekit.MediaSource) error {
	routes := m.GetAudio().GetRoutes()
	switch {
	case m.GetParticipantVideo() != nil:
		return errField("passthrough participant_video")
	case m.GetAudio().GetCaptureAll():
		return errField("passthrough capture_all")
	case m.GetVideoTrackId() != "" && len(routes) > 0, len(routes) > 1:
		return errField("passthrough audio routes")
	}
	id := m.GetVideoTrackId()
	if len(routes) == 1 {
		match, ok := routes[0].GetMatch().(*livekit.AudioRoute_TrackId)
		if !ok {
			return errField("passthrough audio route match")
		}
		if id = match.TrackId; id == "" {
			return errField("passthrough audio route track_id")
		}
	}
	w.tracks = rtpfeed.Want{Track: id}
	switch o := &w.want; {
	case id == "":
		return errField("passthrough track_id")
	case len(o.stored()) > 1 || len(o.stored()) == 1 && o.stream != nil:
		return errField("passthrough outputs")
	case o.file == nil:
		return errField("passthrough output")
	case o.file.kind != livekit.EncodedFileType_DEFAULT_FILETYPE:
		return errField("passthrough file_type")
	}
	return nil
}

// latency is what the configuration says for this kind of request.
func (w *wish) latency(conf *config.Config) config.Latency {
	if l, ok := conf.LatencyOverrides[w.kind]; ok {
		return l
	}
	return conf.Latency
}

// mediaTracks are the tracks of a v2 media request.
func mediaTracks(m *livekit.MediaSource) rtpfeed.Want {
	want := rtpfeed.Want{
		VideoTrack: m.GetVideoTrackId(), VideoOf: m.GetParticipantVideo().GetIdentity(),
		PreferScreenShare: m.GetParticipantVideo().GetPreferScreenShare(),
		AllAudio:          m.GetAudio().GetCaptureAll(), Stays: true,
	}
	for _, r := range m.GetAudio().GetRoutes() {
		route := rtpfeed.Route{Track: r.GetTrackId(), Identity: r.GetParticipantIdentity(), Channel: channels[r.GetChannel()]}
		if kind, ok := r.GetMatch().(*livekit.AudioRoute_ParticipantKind); ok {
			route.Kind = &kind.ParticipantKind
		}
		want.Routes = append(want.Routes, route)
	}
	return want
}

var channels = map[livekit.AudioChannel]rtpfeed.Channel{
	livekit.AudioChannel_AUDIO_CHANNEL_BOTH:  rtpfeed.Both,
	livekit.AudioChannel_AUDIO_CHANNEL_LEFT:  rtpfeed.Left,
	livekit.AudioChannel_AUDIO_CHANNEL_RIGHT: rtpfeed.Right,
}
