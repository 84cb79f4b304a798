package plan

import (
	"strings"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/config"
)

// composed makes the wish one for tracks that are put together without a browser.
func (w *wish) composed(tracks rtpfeed.Want) {
	w.tracksOnly, w.tracks = true, tracks
	w.awaitStart = false // there is no page to ask for it
}

// soundOfRoom tells that a request for a room wants nothing that takes a page, as LiveKit Egress has it.
func (w *wish) soundOfRoom() bool { return !w.video && w.layout == "" && w.base == "" }

// allSound are the tracks of a room of which only sound is recorded.
func allSound() rtpfeed.Want { return rtpfeed.Want{AllAudio: true, Stays: true} }

const publisherToken = "{publisher_identity}"

// namedLater tells that names need what is known only when the tracks are: whose they are.
func (w *wish) namedLater() bool {
	if w.kind != TypeTrackComposite {
		return false
	}
	names := []string{w.want.filePath(), w.want.segments.GetFilenamePrefix(), w.want.segments.GetPlaylistName(), w.want.segments.GetLivePlaylistName()}
	for _, i := range w.want.images {
		names = append(names, i.GetFilenamePrefix())
	}
	return strings.Contains(strings.Join(names, "\n"), publisherToken)
}

// places names everything that is made.
func (w *wish) places(conf *config.Config, enc encoding, t outputs.NameTokens) (p places, err error) {
	if p.file, err = w.file(conf, t); err != nil {
		return p, err
	}
	if p.segments, err = w.segments(conf, enc, t); err != nil {
		return p, err
	}
	p.images, err = w.images(conf, enc, t)
	return p, err
}

// places are the outputs that have names.
type places struct {
	file     File
	segments *Segments
	images   []Images
}

// NamedLater tells that NamePublisher has to be called before anything is made.
func (p *Plan) NamedLater() bool { return p.later != nil }

// NamePublisher settles the names of a plan of tracks, now that it is known whose they are. TellNames puts them into
// the info.
func (p *Plan) NamePublisher(identity string) error {
	named, err := p.later(identity)
	if err != nil {
		return err
	}
	p.File, p.Segments, p.Images = named.file, named.segments, named.images
	p.makeAside()
	p.named = true
	return p.Prepare()
}

// TellNames puts names that were settled later into the info; only its owner calls it.
func (p *Plan) TellNames() {
	for _, f := range p.Info.FileResults {
		f.Filename = p.File.Name
	}
	fresh := &livekit.EgressInfo{}
	p.addResults(fresh)
	for i, s := range p.Info.SegmentResults {
		s.PlaylistName, s.LivePlaylistName = fresh.SegmentResults[i].PlaylistName, fresh.SegmentResults[i].LivePlaylistName
	}
	for i, image := range p.Info.ImageResults {
		image.FilenamePrefix = fresh.ImageResults[i].FilenamePrefix
	}
}
