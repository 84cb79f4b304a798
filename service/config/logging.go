package config

import (
	"log/slog"
	"strings"
)

// Logging is the logging section.
type Logging struct {
	JSON  bool   `yaml:"json,omitempty"`
	Level string `yaml:"level"`
	// ComponentLevels are levels of packages, with dots (service.session, rtpfeed), and of all below each.
	ComponentLevels map[string]string `yaml:"component_levels,omitempty"`

	// Sample leaves out lines that say the same too often: of those in a second all but the first SampleInitial (0 = 20)
	// and each SampleInterval-th (0 = 100) that follows.
	Sample         bool `yaml:"sample,omitempty"`
	SampleInitial  int  `yaml:"sample_initial,omitempty"`
	SampleInterval int  `yaml:"sample_interval,omitempty"`
	// The same for each egress over so many seconds; 0 = not.
	ItemSampleSeconds  int `yaml:"item_sample_seconds,omitempty"`
	ItemSampleInitial  int `yaml:"item_sample_initial,omitempty"`
	ItemSampleInterval int `yaml:"item_sample_interval,omitempty"`
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
