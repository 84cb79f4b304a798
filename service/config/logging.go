package config

import (
	"log/slog"
	"strings"
)

// Logging is the logging section.
type Logging struct {
	JSON               bool              `yaml:"json,omitempty"`
	Level              string            `yaml:"level"`
	Sample             bool              `yaml:"sample,omitempty"`
	ComponentLevels    map[string]string `yaml:"component_levels,omitempty"`
	SampleInitial      int               `yaml:"sample_initial,omitempty"`
	SampleInterval     int               `yaml:"sample_interval,omitempty"`
	ItemSampleSeconds  int               `yaml:"item_sample_seconds,omitempty"`
	ItemSampleInitial  int               `yaml:"item_sample_initial,omitempty"`
	ItemSampleInterval int               `yaml:"item_sample_interval,omitempty"`
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

// SlogLevel is Level for slog; info if it is empty.
func (l Logging) SlogLevel() slog.Level { return levels[strings.ToLower(l.Level)] }
