package session

import (
	"fmt"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// segmentsRecord is a segmented output that is being made.
type segmentsRecord struct {
	Work    string               `json:"work"` // as in fileRecord
	Names   outputs.SegmentNames `json:"names"`
	FMP4    bool                 `json:"fmp4,omitempty"`
	Seconds int                  `json:"seconds"`
	FPS     int                  `json:"fps,omitempty"`
	Video   bool                 `json:"video,omitempty"`
	Audio   bool                 `json:"audio,omitempty"`
	Store   plan.Store           `json:"store"`
	// Timestamp says that segments are named by their time.
	Timestamp bool `json:"timestamp,omitempty"`
}

// imagesRecord is an output of pictures that is being made; they stand in the order of the image results.
type imagesRecord struct {
	Work   string     `json:"work"`
	Prefix string     `json:"prefix"`
	Store  plan.Store `json:"store"`

	Suffix   outputs.ImageSuffix `json:"suffix,omitempty"`
	Interval int                 `json:"interval,omitempty"`
	Width    int                 `json:"width,omitempty"`
	Height   int                 `json:"height,omitempty"`
}

// composedRecord is how tracks are composed of which a journal is kept.
type composedRecord struct {
	Format  programme.Format      `json:"format"`
	Encode  bool                  `json:"encode,omitempty"`
	Encoder ffpipe.EncoderOptions `json:"encoder"`
}

const segmentsFolder = "segments"

func imagesFolder(n int) string { return fmt.Sprintf("images%d", n) }

// records are what the plan makes, as far as it is named by now.
func (s *Session) records(r *diary) {
	r.Files, r.Manifests = s.fileRecords(), s.plan.Manifests()
	r.Segments, r.Images, r.Composed = nil, nil, nil
	if s.holdsBack() {
		r.Composed = &composedRecord{Format: s.plan.Format, Encode: s.plan.Encodes(), Encoder: s.plan.Encoder}
	}
	if p := s.plan.Segments; p != nil {
		f := s.plan.Format
		r.Segments = &segmentsRecord{
			Work: segmentsFolder, Names: p.Names, FMP4: p.FMP4, Seconds: p.Seconds, FPS: f.FPS, Video: f.Video, Audio: f.Audio,
			Store: s.plan.Stores.Segments, Timestamp: p.Timestamp,
		}
	}
	for n, p := range s.plan.Images {
		r.Images = append(r.Images, imagesRecord{
			Work: imagesFolder(n), Prefix: p.Prefix, Store: s.plan.Stores.Images[n],
			Suffix: p.Suffix, Interval: p.Interval, Width: p.Width, Height: p.Height,
		})
	}
}
