package session

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
)

// newOutlets makes the outputs that the plan has from the beginning. ctx ends when nobody waits for them any more.
func (s *Session) newOutlets(ctx context.Context, ffmpeg string) func(*outputs.Hub, *programme.Programme) []*outlet {
	return func(hub *outputs.Hub, p *programme.Programme) []*outlet {
		var all []*outlet
		info := s.status.info
		if s.plan.NamedLater() {
			s.record.update(s.records)
		}
		if file := s.plan.File; file.Path != "" {
			all = append(all, &outlet{
				name: "file", report: newFileReport(info), output: s.newFile(ffmpeg, hub),
				ship: s.ship(s.plan.Stores.File, file.Name, file.Type),
			})
		}
		if s.plan.Segments != nil {
			all = append(all, &outlet{name: "segments", report: newSegmentsReport(info), output: s.newSegments(ffmpeg, hub, p)})
		}
		for n, told := range info.ImageResults { // one for each that the plan has
			all = append(all, &outlet{name: fmt.Sprintf("images %d", n), report: imagesReport{told}, output: s.newImages(n, p)})
		}
		if s.plan.Streams.Protocol != "" {
			set := &streamSet{
				hub: hub, sound: p, ffmpeg: ffmpeg, asking: ctx, plan: s.plan.Streams, alone: len(all) == 0,
				changed: make(chan struct{}, 1), log: s.log, debug: s.debug,
			}
			s.streams = newStreamsReport(set, s.status.info)
			all = append(all, &outlet{name: "streams", report: s.streams, spare: !set.alone, output: set})
		}
		return all
	}
}

func (s *Session) newFile(ffmpeg string, hub *outputs.Hub) outputs.Output {
	return &outputs.File{
		Hub: hub, FFmpeg: ffmpeg, Syncer: s.syncer, Log: s.log, Work: workPath(s.plan), Target: s.plan.File.Path,
		FS: s.plan.Ground.FS(),
	}
}

func (s *Session) newSegments(ffmpeg string, hub *outputs.Hub, p *programme.Programme) outputs.Output {
	wish := s.plan.Segments
	return &outputs.Segments{
		Hub: hub, FFmpeg: ffmpeg, Syncer: s.syncer, Log: s.log, Deliver: s.deliverTo(madeSegment, s.plan.Stores.Segments),
		Work: filepath.Join(s.plan.WorkDir, segmentsFolder), Keep: s.record != nil, Names: wish.Names, MaxPending: wish.MaxPending,
		FMP4: wish.FMP4, Timestamp: wish.Timestamp, Seconds: wish.Seconds, GOP: s.plan.Encoder.GOP(),
		LeftOut: p.LeftOut,
	}
}

func (s *Session) newImages(n int, p *programme.Programme) outputs.Output {
	wish := s.plan.Images[n]
	return &outputs.Images{
		Programme: p, Log: s.log, Deliver: s.deliverTo(madeImage, s.plan.Stores.Images[n]),
		Work: filepath.Join(s.plan.WorkDir, imagesFolder(n)), Keep: s.record != nil, Prefix: wish.Prefix, MaxPending: wish.MaxPending,
		Suffix: wish.Suffix, Interval: wish.Interval, Width: wish.Width, Height: wish.Height,
		LeftOut: p.LeftOut,
	}
}
