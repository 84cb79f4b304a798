package plan

import (
	"cmp"
	"errors"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/config"
)

// Segments is the HLS to make.
type Segments struct {
	Names     outputs.SegmentNames
	FMP4      bool // not MPEG-TS
	Timestamp bool // segments are named by time and not by number
	Seconds   int  // of a segment
	// MaxPending is how many segments may wait for their store.
	MaxPending int
	// Bare says that no manifest is wanted beside them.
	Bare bool
}

const (
	// protocolFMP4 is SegmentedFileProtocol's HLS_FMP4, which this version of the protocol package cannot name.
	protocolFMP4 livekit.SegmentedFileProtocol = 2

	defaultSegment = 4 // seconds
	// maxGOP is x264's own: with longer segments there are several keyframes in each.
	maxGOP = 250 // frames
)

// segments names the segmented output, once and for all.
func (w *wish) segments(conf *config.Config, e encoding, t outputs.NameTokens) (*Segments, error) {
	s := w.want.segments
	if s == nil {
		return nil, nil
	}
	if err := outputs.RetrySafe(cmp.Or(s.FilenamePrefix, s.PlaylistName), t.Retry); err != nil {
		return nil, errRetry()
	}
	names, err := outputs.NewSegmentNames(s.FilenamePrefix, s.PlaylistName, s.LivePlaylistName, t)
	switch {
	case errors.Is(err, outputs.ErrName):
		return nil, errField("filename_prefix")
	case err != nil:
		return nil, err
	case names.Live == names.Playlist:
		return nil, errField("live_playlist_name cannot be identical to playlist_name")
	}
	return &Segments{
		Bare: s.DisableManifest, Names: names, FMP4: s.Protocol == protocolFMP4,
		Timestamp:  s.FilenameSuffix == livekit.SegmentedFileSuffix_TIMESTAMP,
		Seconds:    e.segment,
		MaxPending: max(conf.MaxUploadQueue*60/e.segment, 1),
	}, nil
}

// fitSegments settles the length of segments and the distance of keyframes. LiveKit Egress ignores the latter for
// segments, unless there is a stream: then a segment is no longer than the whole seconds of it. An interval of less than
// a second, with which LiveKit Egress makes segments of no length, is kept inside segments of one second.
func (w *wish) fitSegments(e *encoding) {
	if w.want.segments == nil {
		return
	}
	e.segment = int(cmp.Or(w.want.segments.SegmentDuration, defaultSegment))
	asked := e.keyFrameInterval
	e.keyFrameInterval = 0
	if w.want.stream != nil && asked > 0 {
		e.segment = max(min(int(asked), e.segment), 1)
		e.keyFrameInterval = asked
	}
	if w.want.stream != nil && asked == 0 {
		e.keyFrameInterval = liveInterval
	}
	if longest := maxGOP / float64(e.fps); e.keyFrameInterval == 0 && float64(e.segment) > longest {
		e.keyFrameInterval = longest
	}
}
