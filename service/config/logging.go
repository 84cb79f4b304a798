package config

import (
	"log/slog"
	"strings"
)

// Logging is the logging section.
type Logging struct {
	JSON  bool   `yaml:"json,omitempty"` // lines are JSON
	Level string `yaml:"level"`          // debug, info, warn or error
	// ComponentLevels are levels of packages, with dots (service.session, rtpfeed), and of all below each.
	ComponentLevels map[string]string `yaml:"component_levels,omitempty"`

	// Sample leaves out lines that say the same too often: of those in a second all but the first SampleInitial (0 = 20)
	// and each SampleInterval-th (0 = 100) that follows.
	Sample         bool `yaml:"sample,omitempty"`
	SampleInitial  int  `yaml:"sample_initial,omitempty"`  // how many of a second pass; 0 = 20
	SampleInterval int  `yaml:"sample_interval,omitempty"` // and each so many-th that follows; 0 = 100
	// The same for each egress over so many seconds; 0 = not.
	ItemSampleSeconds  int `yaml:"item_sample_seconds,omitempty"`
	ItemSampleInitial  int `yaml:"item_sample_initial,omitempty"`  // how many pass
	ItemSampleInterval int `yaml:"item_sample_interval,omitempty"` // and each so many-th that follows
}

// levels are today's level names; slog has nothing above error.
var levels = map[string]slog.Level{
	"":        slog.LevelInfo,
	"debug":   slog.LevelDebug,
	"info":    slog.LevelInfo,
	"warn":    slog.LevelWarn,
	"warning": slog.LevelWarn,
	"error":   slog.LevelError,
	"dpanic":  slog.LevelError,
	"panic":   slog.LevelError,
	"fatal":   slog.LevelError,
}

// ParseLevel reads the name of a level; "" is info.
func ParseLevel(name string) (slog.Level, bool) {
	level, ok := levels[strings.ToLower(name)]
	return level, ok
}

// SlogLevel is Level for slog; info if it is empty.
func (l Logging) SlogLevel() slog.Level { return levels[strings.ToLower(l.Level)] }
