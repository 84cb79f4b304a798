package config

import "time"

// Latency is the latency section. The last three keys have the spelling that works today; the one with underscores,
// which today's server documents and ignores, is accepted as well.
type Latency struct {
	JitterBuffer  time.Duration `yaml:"jitter_buffer_latency"`           // how long a lost packet is waited for
	AudioMixer    time.Duration `yaml:"audio_mixer_latency"`             // there is no such part
	Pipeline      time.Duration `yaml:"pipeline_latency"`                // there is no such part
	OldPacket     time.Duration `yaml:"old_packet_threshold"`            // there is no such part
	MaxTSDiff     time.Duration `yaml:"rtpmaxallowedtsdiff"`             // timestamps that jump are told by themselves
	MaxDriftStep  time.Duration `yaml:"rtpmaxdriftadjustment"`           // drift is evened out as it comes
	DriftWindowPc float64       `yaml:"rtpdriftadjustmentwindowpercent"` // drift is evened out as it comes
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
