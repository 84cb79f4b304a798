package config

import "time"

// SessionLimits end an egress with LIMIT_REACHED; 0 = no limit.
type SessionLimits struct {
	FileOutputMaxDuration    time.Duration `yaml:"file_output_max_duration,omitempty"`
	StreamOutputMaxDuration  time.Duration `yaml:"stream_output_max_duration,omitempty"`
	SegmentOutputMaxDuration time.Duration `yaml:"segment_output_max_duration,omitempty"`
	ImageOutputMaxDuration   time.Duration `yaml:"image_output_max_duration,omitempty"`
	// FileOutputMaxSize is in bytes.
	FileOutputMaxSize int64 `yaml:"file_output_max_size,omitempty"`
}

// CPUCost is the cpu_cost section: what an egress of each type is reckoned to take, in cores and GB.
type CPUCost struct {
	MaxCPUUtilization        float64 `yaml:"max_cpu_utilization"`
	RoomComposite            float64 `yaml:"room_composite_cpu_cost"`
	AudioRoomComposite       float64 `yaml:"audio_room_composite_cpu_cost"`
	SDKAudioRoomComposite    float64 `yaml:"sdk_audio_room_composite_cpu_cost,omitempty"`
	Web                      float64 `yaml:"web_cpu_cost"`
	AudioWeb                 float64 `yaml:"audio_web_cpu_cost"`
	Participant              float64 `yaml:"participant_cpu_cost"`
	TrackComposite           float64 `yaml:"track_composite_cpu_cost"`
	Track                    float64 `yaml:"track_cpu_cost"`
	MaxMemory                float64 `yaml:"max_memory,omitempty"`
	MemoryCost               float64 `yaml:"memory_cost,omitempty"`
	SDKAudioRoomCompositeMem float64 `yaml:"sdk_audio_room_composite_memory_cost,omitempty"`
	MemorySource             string  `yaml:"memory_source,omitempty"`
	MemoryKillGraceSec       int     `yaml:"memory_kill_grace_sec,omitempty"`
	CPUKillGraceSec          int     `yaml:"cpu_kill_grace_sec"`
	MaxPulseClients          int     `yaml:"max_pulse_clients"`
}
