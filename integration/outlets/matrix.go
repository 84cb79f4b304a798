package outlets

import (
	"context"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
)

// matrixLength is how long each row records.
const matrixLength = 10 * time.Second

// What line 1 pairs.
var (
	matrixSources = []string{"room", "web", "participant", "tracks", "v2-template", "v2-web", "v2-media"}
	matrixMade    = []string{"mp4", "hls-ts", "hls-fmp4", "rtmp", "rtmps", "srt", "images", "all"}
)

// row is one pair of a source and what is made of it. Where it is stored changes from pair to pair, so that each source
// and all that can be made is paired with either place: the 56 pairs of the first two are what pairwise takes at least.
type row struct {
	source, made string
	s3           bool
}

// matrixRows are all rows, in an order in which the first seven have every source and seven of what can be made.
func matrixRows() []row {
	var all []row
	for d := range matrixMade {
		for i, source := range matrixSources {
			at := (i + d) % len(matrixMade)
			all = append(all, row{source, matrixMade[at], (i+at)%2 == 1})
		}
	}
	return all
}

// matrix is line 1, a case for each row.
func matrix(length time.Duration) []accept.Case {
	var all []accept.Case
	for _, r := range matrixRows() {
		all = append(all, r.accept(length))
	}
	return all
}

func (r row) id() string {
	id := "matrix-" + r.source + "-" + r.made
	if r.s3 {
		id += "-s3"
	}
	return id
}

func (r row) accept(length time.Duration) accept.Case {
	store := "local"
	if r.s3 {
		store = "S3"
	}
	return accept.Case{
		ID: r.id(), Line: 1, Title: fmt.Sprintf("%s × %s × %s, %v", r.source, r.made, store, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := r.newStage(ctx)
			if err != nil {
				return err
			}
			defer s.close()
			rec, err := s.Start(ctx, func() (*livekit.EgressInfo, error) { return r.ask(ctx, s) })
			if err != nil {
				return err
			}
			if r.has("stream") {
				if err := s.onAir(ctx, rec.Info.EgressId); err != nil {
					return err
				}
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			asked := time.Now()
			info, _, err := rec.Stop(ctx)
			if err != nil {
				return err
			}
			return r.judge(ctx, o, s, info, asked)
		},
	}
}

// has tells whether something is made: file, segments, stream or images.
func (r row) has(what string) bool {
	switch r.made {
	case "all":
		return true
	case "mp4":
		return what == "file"
	case "hls-ts", "hls-fmp4":
		return what == "segments"
	case "images":
		return what == "images"
	}
	return what == "stream"
}
