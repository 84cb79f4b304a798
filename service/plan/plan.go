package plan

import (
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/config"
)

// Request types, as metrics, cpu_cost and latency_overrides know them.
const (
	TypeRoomComposite  = "room_composite"
	TypeWeb            = "web"
	TypeParticipant    = "participant"
	TypeTrackComposite = "track_composite"
	TypeTrack          = "track"
	TypeTemplate       = "template"
	TypeMedia          = "media"
)

// Plan is one egress, decided.
type Plan struct {
	EgressID string
	RoomID   string // "" for Web
	RoomName string // "" for Web
	Type     string

	// Info is the EgressInfo of acceptance: STARTING, the redacted request, a stub for each result. The deprecated
	// result is the same message as file_results[0], so that filling in one fills in both. The session owns it;
	// whoever else gets it gets a clone.
	Info       *livekit.EgressInfo
	AcceptedAt time.Time

	Source Source
	Format programme.Format
	// Depth is the screen's, in bits per pixel.
	Depth   int
	Encoder ffpipe.EncoderOptions
	File    File

	// MaxDuration ends the egress with LIMIT_REACHED; 0 = no limit.
	MaxDuration time.Duration
	// WorkDir is the directory of all sessions' work files.
	WorkDir string
}

// New checks a request and decides everything about it. Its errors are psrpc errors to be sent as they are.
func New(conf *config.Config, req *rpc.StartEgressRequest) (*Plan, error) {
	return decide(conf, req, time.Now())
}

func decide(conf *config.Config, req *rpc.StartEgressRequest, now time.Time) (*Plan, error) {
	if req.GetEgressId() == "" {
		return nil, errField("egressID")
	}
	w, err := wishOf(req)
	if err != nil {
		return nil, err
	}
	if w.base == "" {
		w.base = conf.TemplateBase
	}
	enc, err := w.check()
	if err != nil {
		return nil, err
	}
	src, err := w.source(conf, req)
	if err != nil {
		return nil, err
	}
	if err := w.checkStorage(conf); err != nil {
		return nil, err
	}
	file, err := w.file(conf, req, now)
	if err != nil {
		return nil, err
	}
	if err := w.checkSupported(conf, enc); err != nil {
		return nil, err
	}
	p := &Plan{
		EgressID:    req.EgressId,
		RoomID:      req.RoomId,
		RoomName:    w.roomName,
		Type:        w.kind,
		AcceptedAt:  now,
		Source:      src,
		Depth:       enc.depth,
		Format:      enc.format(w.audio, w.video),
		Encoder:     enc.options(w.audio, w.video, conf.VideoEncoderThreads),
		File:        file,
		MaxDuration: conf.SessionLimits.FileOutputMaxDuration,
		WorkDir:     conf.WorkDir,
	}
	p.Info = p.info(req)
	return p, nil
}
