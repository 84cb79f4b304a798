package session

import (
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// fileReport tells of the file: in its result and, where the request has that single output, in the
// deprecated result that older clients read.
type fileReport struct{ infos []*livekit.FileInfo }

var _ report = fileReport{}

func newFileReport(info *livekit.EgressInfo) fileReport {
	files := info.FileResults
	//lint:ignore SA1019 clients of the first API generation read it
	if f := info.GetFile(); f != nil {
		files = append(files[:len(files):len(files)], f)
	}
	return fileReport{files}
}

func (r fileReport) started(zero time.Time) {
	for _, f := range r.infos {
		f.StartedAt = zero.UnixNano()
	}
}

// progress tells nothing: a file has a size when it is there.
func (r fileReport) progress(outputs.Result) {}

func (r fileReport) ended(made outputs.Result) {
	if !made.Began.IsZero() {
		r.started(made.Began)
	}
	for _, f := range r.infos {
		f.EndedAt = f.StartedAt + int64(made.Duration)
		f.Duration = int64(made.Duration)
		f.Size = made.Size
		f.Location = made.Path
	}
}
