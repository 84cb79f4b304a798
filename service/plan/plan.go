package plan

import (
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
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
	RoomID   string // "" when the request names no room
	RoomName string // "" when no room is named or told
	Type     string

	// Info is the EgressInfo of acceptance: STARTING, the redacted request, a stub for each result. The deprecated
	// result is the same message as file_results[0], so that filling in one fills in both. The session owns it;
	// whoever else gets it gets a clone.
	Info       *livekit.EgressInfo
	AcceptedAt time.Time

	Source  Source
	Format  programme.Format
	Encoder ffpipe.EncoderOptions

	// What is made: at most one of each kind, any number of Images.
	File     File // Path "" = none
	Segments *Segments
	Images   []Images
	Streams  Streams
	// Stores are where files go.
	Stores Stores

	// Passthrough says that the one track is recorded as it comes. File has neither Path nor Type then: NameTrack
	// gives them when the track is known.
	Passthrough bool
	name        func(rtpfeed.Track) (File, error)
	// WebSocket is where the one track's sound is sent instead; "" = into the file.
	WebSocket config.Secret
	// later names what is made for a publisher; nil = it is named for good.
	later func(identity string) (places, error)
	named bool // later has been called

	// MaxDuration ends the egress with LIMIT_REACHED; 0 = no limit.
	MaxDuration time.Duration
	// MaxSize does so too when the file has that many bytes; 0 = no limit.
	MaxSize int64

	// Browser is what to launch; only the log is left to the session.
	Browser browser.Options
	// Debug is kept for fault finding.
	Debug Debug
	// PageConsole: all that the page writes to its console is logged, not only what goes wrong.
	PageConsole bool
	// Ground is where files may go on this machine.
	Ground workfile.Ground
	// FFmpeg is the program to run; "" = look it up.
	FFmpeg string
	// WorkDir is this egress's own directory, to be made, and removed at the end.
	WorkDir string
}

// Age is how long ago the egress was accepted.
func (p *Plan) Age() time.Duration { return time.Since(p.AcceptedAt) }

// Encodes tells whether any output takes what is encoded.
func (p *Plan) Encodes() bool {
	return p.File.Path != "" || p.Segments != nil || p.Streams.Protocol != "" && p.Streams.Protocol != outputs.PCM
}

// Live tells that somebody watches while it is recorded, so that nothing may be held back for long.
func (p *Plan) Live() bool { return p.Streams.Protocol != "" }

// New checks a request and decides everything about it. Its errors are psrpc errors to be sent as they are.
func New(conf *config.Config, req *rpc.StartEgressRequest) (*Plan, error) {
	return decide(conf, req, time.Now())
}

func decide(conf *config.Config, req *rpc.StartEgressRequest, now time.Time) (*Plan, error) {
	p, err := resolve(conf, req, now)
	if err != nil {
		return nil, err
	}
	p.Ground = conf.Ground()
	return p, nil
}

func resolve(conf *config.Config, req *rpc.StartEgressRequest, now time.Time) (*Plan, error) {
	// The id names a directory: whatever is no plain name is not one of livekit-server's.
	if id := req.GetEgressId(); id != filepath.Base(id) || !filepath.IsLocal(id) || id == "." {
		return nil, errField("egressID")
	}
	w, err := wishOf(req)
	if err != nil {
		return nil, err
	}
	if w.base == "" {
		w.base = conf.TemplateBase
	}
	if w.passthrough() {
		return w.decideTrack(conf, req, now)
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
	tokens := w.tokens(req, now)
	named, err := w.places(conf, enc, tokens)
	if err != nil {
		return nil, err
	}
	if err := w.checkSupported(); err != nil {
		return nil, err
	}
	stores, err := w.stores(conf)
	if err != nil {
		return nil, err
	}
	p := &Plan{
		EgressID:    req.EgressId,
		RoomID:      req.RoomId,
		RoomName:    w.roomName,
		Type:        w.kind,
		AcceptedAt:  now,
		Source:      src,
		Format:      enc.format(w.audio, w.video),
		Encoder:     w.live(enc.options(w.muxer(), w.audio, w.video, conf)),
		File:        named.file,
		Segments:    named.segments,
		Images:      named.images,
		Stores:      stores,
		MaxDuration: w.maxDuration(conf.SessionLimits),
		MaxSize:     w.maxSize(conf.SessionLimits),
		FFmpeg:      conf.Binaries.FFmpeg,
		WorkDir:     filepath.Join(conf.WorkDir, TryName(req.EgressId, req.RetryCount)),
	}
	if w.namedLater() {
		p.later = func(identity string) (places, error) {
			tokens.HasPublisher, tokens.PublisherIdentity = true, identity
			return w.places(conf, enc, tokens)
		}
	}
	p.makeAside()
	p.Streams = w.streams(p.Encoder)
	p.Browser = chrome(conf, src.Kind, p.Format, enc.depth, p.WorkDir)
	p.PageConsole = conf.Debug.EnableChromeLogging
	p.Debug = debugOf(conf)
	if src.Page() {
		limit(conf, &p.Browser, src)
	}
	if src.InRoom() {
		p.Browser.Wait = wait(conf, src.BaseURL)
	}
	p.Info = p.info(req)
	return p, nil
}
