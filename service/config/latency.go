package config

import "time"

// Latency is the latency section. The last three keys have the spelling that works today; the one with underscores,
// which today's server documents and ignores, is accepted as well.
type Latency struct {
	JitterBuffer  time.Duration `yaml:"jitter_buffer_latency"`
	AudioMixer    time.Duration `yaml:"audio_mixer_latency"`
	Pipeline      time.Duration `yaml:"pipeline_latency"`
	OldPacket     time.Duration `yaml:"old_packet_threshold"`
	MaxTSDiff     time.Duration `yaml:"rtpmaxallowedtsdiff"`
	MaxDriftStep  time.Duration `yaml:"rtpmaxdriftadjustment"`
	DriftWindowPc float64       `yaml:"rtpdriftadjustmentwindowpercent"`
}

// overridable are the request types that latency_overrides knows.
var overridable = []string{
	"room_composite", "web", "participant", "track_composite", "track", "template", "media",
}

func defaultLatency() Latency {
	return Latency{
		JitterBuffer: 2 * time.Second,
		AudioMixer:   2750 * time.Millisecond,
		Pipeline:     3 * time.Second,
		OldPacket:    2200 * time.Millisecond,
		MaxTSDiff:    5 * time.Second,
		MaxDriftStep: 5 * time.Millisecond,
	}
}

// settle applies today's rule that a timestamp jump is never smaller than what the jitter buffer may hold.
func (l Latency) settle() Latency {
	l.MaxTSDiff = max(l.MaxTSDiff, l.JitterBuffer)
	return l
}
