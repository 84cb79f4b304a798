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
		return all
	}
}
