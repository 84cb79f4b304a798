package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// validate reports what cannot be right, by key.
func (r *reader) validate(c *Config) {
	bad := func(path, format string, args ...any) { r.fail(path, r.lines[path], format, args...) }

	if c.Redis != nil {
		r.redis(c.Redis, bad)
	}
	if c.WSURL != "" && !isURL(c.WSURL, "ws", "wss", "http", "https") {
		bad("ws_url", "want a ws:// or wss:// url")
	}
	if !isURL(c.TemplateBase, "http", "https") {
		bad("template_base", "want an http:// or https:// url")
	}
	if _, ok := ParseLevel(c.Logging.Level); !ok {
		bad("logging.level", "want debug, info, warn or error, got %q", c.Logging.Level)
	}
	for name, level := range c.Logging.ComponentLevels {
		if _, ok := ParseLevel(level); !ok {
			bad("logging.component_levels", "%s: want debug, info, warn or error, got %q", name, level)
		}
	}
	r.ports(c, bad)
	r.quantities(c, bad)
	costs(&c.CPUCost, bad)
	c.validateEncoder(bad)
	c.LocalOutput.validate(bad)
	c.WebEgress.validate(c.ChromeFlags, bad)
	r.stores(c)
	if s := c.CPUCost.MemorySource; s != "" && s != "proc_rss" && s != "cgroup" {
		r.warn(BadValue, "cpu_cost.memory_source", r.lines["cpu_cost.memory_source"],
			"want proc_rss or cgroup; proc_rss is used")
		c.CPUCost.MemorySource = "proc_rss"
	}
}

// maxCost is more cores, gigabytes or seconds than any node has.
const maxCost = 1_000_000

func isURL(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
}

func (r *reader) ports(c *Config, bad func(string, string, ...any)) {
	users := map[int]string{}
	for _, p := range []struct {
		key  string
		port int
	}{
		{"template_port", c.TemplatePort},
		{"health_port", c.HealthPort},
		{"prometheus_port", c.PrometheusPort},
		{"debug_handler_port", c.DebugHandlerPort},
		{"control_port", c.ControlPort},
	} {
		switch first := users[p.port]; {
		case p.port == 0:
		case p.port < 0 || p.port > 65535:
			bad(p.key, "want a port, 0 to 65535, got %d", p.port)
		case first != "":
			bad(p.key, "port %d is %s already", p.port, first)
		}
		users[p.port] = p.key
	}
}

func (r *reader) quantities(c *Config, bad func(string, string, ...any)) {
	l := c.SessionLimits
	for _, d := range []struct {
		key   string
		value time.Duration
	}{
		{"io_create_timeout", c.IOCreateTimeout},
		{"io_update_timeout", c.IOUpdateTimeout},
		{"io_selection_timeout", c.IOSelectionTimeout},
		{"drain_timeout", c.DrainTimeout},
		{"rejoin_grace", c.RejoinGrace},
		{"upload_report_deadline", c.UploadReportDeadline},
		{"session_limits.file_output_max_duration", l.FileOutputMaxDuration},
		{"session_limits.stream_output_max_duration", l.StreamOutputMaxDuration},
		{"session_limits.segment_output_max_duration", l.SegmentOutputMaxDuration},
		{"session_limits.image_output_max_duration", l.ImageOutputMaxDuration},
	} {
		if d.value < 0 {
			bad(d.key, "cannot be negative")
		}
	}
	if c.NodeLostAfter < minNodeLostAfter {
		bad("node_lost_after", "want at least %v", minNodeLostAfter)
	}
	for _, n := range []struct {
		key   string
		value int64
	}{
		{"io_workers", int64(c.IOWorkers)},
		{"max_upload_queue", int64(c.MaxUploadQueue)},
		{"video_encoder_threads", int64(c.VideoEncoderThreads)},
		{"browser_pool", int64(c.BrowserPool)},
		{"logging.sample_initial", int64(c.Logging.SampleInitial)},
		{"logging.sample_interval", int64(c.Logging.SampleInterval)},
		{"logging.item_sample_seconds", int64(c.Logging.ItemSampleSeconds)},
		{"logging.item_sample_initial", int64(c.Logging.ItemSampleInitial)},
		{"logging.item_sample_interval", int64(c.Logging.ItemSampleInterval)},
		{"session_limits.file_output_max_size", l.FileOutputMaxSize},
	} {
		if n.value < 0 {
			bad(n.key, "cannot be negative")
		}
	}
}

// costs must be numbers, and none below zero: admission adds them up.
func costs(c *CPUCost, bad func(string, string, ...any)) {
	for _, n := range []struct {
		key   string
		value float64
	}{
		{"room_composite_cpu_cost", c.RoomComposite},
		{"audio_room_composite_cpu_cost", c.AudioRoomComposite},
		{"sdk_audio_room_composite_cpu_cost", c.SDKAudioRoomComposite},
		{"web_cpu_cost", c.Web},
		{"audio_web_cpu_cost", c.AudioWeb},
		{"participant_cpu_cost", c.Participant},
		{"track_composite_cpu_cost", c.TrackComposite},
		{"track_cpu_cost", c.Track},
		{"max_memory", c.MaxMemory},
		{"memory_cost", c.MemoryCost},
		{"sdk_audio_room_composite_memory_cost", c.SDKAudioRoomCompositeMem},
		{"memory_kill_grace_sec", float64(c.MemoryKillGraceSec)},
		{"cpu_kill_grace_sec", float64(c.CPUKillGraceSec)},
	} {
		if !(n.value >= 0 && n.value < maxCost) {
			bad("cpu_cost."+n.key, "want a number from 0 to %d", maxCost)
		}
	}
}

// stores warns where a section has more than one store.
func (r *reader) stores(c *Config) {
	sections := map[string]Storage{"storage": c.Storage, "debug": c.Debug.Storage}
	if c.Backup != nil {
		sections["backup"] = *c.Backup
	}
	for _, path := range []string{"storage", "backup", "debug"} {
		if all := sections[path].providers(); len(all) > 1 {
			r.warn(Conflict, path, r.lines[path],
				fmt.Sprintf("has more than one store (%s); %s is used", strings.Join(all, ", "), all[0]))
		}
	}
}
