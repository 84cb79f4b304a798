package session

import (
	"path/filepath"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/outputs"
)

// newOutlets makes the outputs that the plan has from the beginning.
func (s *Session) newOutlets(ffmpeg string) func(*outputs.Hub, *programme.Programme) []*outlet {
	return func(hub *outputs.Hub, _ *programme.Programme) []*outlet {
		var all []*outlet
		if file := s.plan.File; file.Path != "" {
			all = append(all, &outlet{name: "file", report: newFileReport(s.status.info), output: &outputs.File{
				Hub: hub, FFmpeg: ffmpeg, Syncer: s.syncer, Log: s.log,
				Work: filepath.Join(s.plan.WorkDir, "work"+filepath.Ext(file.Path)), Target: file.Path,
			}})
		}
		if s.plan.Streams.Protocol != "" {
			set := &streamSet{
				hub: hub, ffmpeg: ffmpeg, plan: s.plan.Streams, alone: len(all) == 0, changed: make(chan struct{}, 1), log: s.log,
			}
			s.streams = newStreamsReport(set, s.status.info)
			all = append(all, &outlet{name: "streams", report: s.streams, spare: !set.alone, output: set})
		}
		return all
	}
}
