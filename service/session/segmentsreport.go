package session

import (
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// segmentsReport tells of HLS: in its result and, where the request has that single output, in the
// deprecated result that older clients read.
type segmentsReport struct{ infos []*livekit.SegmentsInfo }

var _ report = segmentsReport{}

func newSegmentsReport(info *livekit.EgressInfo) segmentsReport {
	all := info.SegmentResults
	//lint:ignore SA1019 clients of the first API generation read it
	if s := info.GetSegments(); s != nil {
		all = append(all[:len(all):len(all)], s)
	}
	return segmentsReport{all}
}

func (r segmentsReport) started(zero time.Time) {
	for _, s := range r.infos {
		s.StartedAt = zero.UnixNano()
	}
}

func (r segmentsReport) progress(made outputs.Result) {
	for _, s := range r.infos {
		s.SegmentCount = made.Count
		s.Size = made.Size
		s.Duration = int64(made.Duration)
		s.PlaylistLocation = made.Path
		s.LivePlaylistLocation = made.LivePath
	}
}

func (r segmentsReport) ended(made outputs.Result) {
	r.progress(made)
	for _, s := range r.infos {
		s.EndedAt = s.StartedAt + s.Duration
	}
}
