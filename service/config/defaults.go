package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/utils/guid"

	"github.com/ffegress/ffegress/ffpipe"
)

// nodePrefix is what ids of egress nodes begin with.
const nodePrefix = "NE_"

const (
	defaultTemplatePort    = 7980
	defaultIOCreateTimeout = 15 * time.Second
	defaultIOUpdateTimeout = 30 * time.Second
	defaultIOWorkers       = 5
	defaultNodeLostAfter   = 2 * time.Minute
	minNodeLostAfter       = 5 * time.Second
	defaultUploadQueue     = 60
	defaultTempoRate       = 0.05
	maxTempoRate           = 0.2
	defaultUtilization     = 0.8
)

// base is what a config file is laid over.
func base() *Config {
	return &Config{
		NodeID:               guid.New(nodePrefix),
		APIKey:               os.Getenv("LIVEKIT_API_KEY"),
		APISecret:            Secret(os.Getenv("LIVEKIT_API_SECRET")),
		WSURL:                os.Getenv("LIVEKIT_WS_URL"),
		Logging:              Logging{Level: "info"},
		TemplatePort:         defaultTemplatePort,
		BrowserPool:          1,
		DrainTimeout:         time.Hour,
		RejoinGrace:          30 * time.Second,
		StorageProbe:         true,
		UploadReportDeadline: 30 * time.Minute,
		NodeLostAfter:        defaultNodeLostAfter,
		MaxUploadQueue:       defaultUploadQueue,
		IOCreateTimeout:      defaultIOCreateTimeout,
		IOUpdateTimeout:      defaultIOUpdateTimeout,
		IOWorkers:            defaultIOWorkers,
		Latency:              defaultLatency(),
		VideoEncoder:         string(ffpipe.X264),
		CPUCost: CPUCost{
			MaxCPUUtilization: defaultUtilization,
			RoomComposite:     4, AudioRoomComposite: 1,
			Web: 4, AudioWeb: 1,
			Participant: 2, TrackComposite: 1, Track: 0.5,
			CPUKillGraceSec: 30, MaxPulseClients: 60,
		},
	}
}

// settle turns what was read into what holds: zero values that mean a default, values that follow from others.
func (c *Config) settle() error {
	if c.TemplatePort == 0 {
		c.TemplatePort = defaultTemplatePort
	}
	if c.TemplateBase == "" {
		c.TemplateBase = fmt.Sprintf("http://localhost:%d/", c.TemplatePort)
	}
	if c.IOCreateTimeout == 0 {
		c.IOCreateTimeout = defaultIOCreateTimeout
	}
	if c.IOUpdateTimeout == 0 {
		c.IOUpdateTimeout = defaultIOUpdateTimeout
	}
	if c.IOWorkers == 0 {
		c.IOWorkers = defaultIOWorkers
	}
	if c.NodeLostAfter == 0 {
		c.NodeLostAfter = defaultNodeLostAfter
	}
	if c.MaxUploadQueue == 0 {
		c.MaxUploadQueue = defaultUploadQueue
	}
	if c.VideoEncoder == "" {
		c.VideoEncoder = string(ffpipe.X264)
	}
	if r := c.AudioTempoController.AdjustmentRate; c.AudioTempoController.Enabled && (r <= 0 || r > maxTempoRate) {
		c.AudioTempoController.AdjustmentRate = defaultTempoRate
	}
	if u := c.CPUCost.MaxCPUUtilization; u <= 0 || u > 1 {
		c.CPUCost.MaxCPUUtilization = defaultUtilization
	}
	if c.CPUCost.SDKAudioRoomComposite == 0 {
		c.CPUCost.SDKAudioRoomComposite = c.CPUCost.AudioRoomComposite
	}
	if c.CPUCost.SDKAudioRoomCompositeMem == 0 {
		c.CPUCost.SDKAudioRoomCompositeMem = c.CPUCost.MemoryCost
	}
	c.Latency = c.Latency.settle()
	for name, l := range c.LatencyOverrides {
		c.LatencyOverrides[name] = l.settle()
	}
	c.Storage.fillEnv()
	c.Backup.fillEnv()
	c.Debug.Storage.fillEnv()
	return c.settleWorkDir()
}

func (c *Config) settleWorkDir() error {
	dir := c.WorkDir
	if dir == "" {
		var err error
		if dir, err = stateDir(os.Geteuid()); err != nil {
			return err
		}
	}
	if strings.HasPrefix(dir, "~") {
		return errors.New("work_dir: ~ is not expanded; give the whole path")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("work_dir: %w", err)
	}
	c.WorkDir = abs
	return nil
}

// stateDir is where recordings in progress live by default. Never the system's temporary directory: it may be in
// memory, and is emptied by the restart that a recording is to survive.
func stateDir(uid int) (string, error) {
	if uid == 0 {
		return "/var/lib/ffegress", nil
	}
	// The XDG rules say that a relative path here is to be ignored.
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "ffegress"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("work_dir: it is not set and has no default: %w", err)
	}
	return filepath.Join(home, ".local", "state", "ffegress"), nil
}
