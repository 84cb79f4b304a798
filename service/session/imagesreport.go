package session

import (
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// imagesReport tells of the pictures of one output.
type imagesReport struct{ info *livekit.ImagesInfo }

var _ report = imagesReport{}

func (r imagesReport) started(zero time.Time) { r.info.StartedAt = zero.UnixNano() }

func (r imagesReport) progress(made outputs.Result) { r.info.ImageCount = made.Count }

func (r imagesReport) ended(made outputs.Result) {
	r.progress(made)
	r.info.EndedAt = r.info.StartedAt + int64(made.Duration)
}
