package config

import "time"

// SessionLimits end an egress with LIMIT_REACHED; 0 = no limit.
type SessionLimits struct {
	FileOutputMaxDuration    time.Duration `yaml:"file_output_max_duration,omitempty"`    // of egresses with a file; the smallest limit of the outputs holds
	StreamOutputMaxDuration  time.Duration `yaml:"stream_output_max_duration,omitempty"`  // of those with streams
	SegmentOutputMaxDuration time.Duration `yaml:"segment_output_max_duration,omitempty"` // of those with segments
	ImageOutputMaxDuration   time.Duration `yaml:"image_output_max_duration,omitempty"`   // of those with images
	// FileOutputMaxSize is in bytes.
	FileOutputMaxSize int64 `yaml:"file_output_max_size,omitempty"`
}

// CPUCost is the cpu_cost section: what an egress of each type is reckoned to take, in cores and GB.
type CPUCost struct {
	MaxCPUUtilization        float64 `yaml:"max_cpu_utilization"`                            // how much of all cores may be used, 0 to 1; the first egress may have all
	RoomComposite            float64 `yaml:"room_composite_cpu_cost"`                        // cores for a room by its page
	AudioRoomComposite       float64 `yaml:"audio_room_composite_cpu_cost"`                  // cores for a room's sound by its page
	SDKAudioRoomComposite    float64 `yaml:"sdk_audio_room_composite_cpu_cost,omitempty"`    // cores for a room's sound by its tracks; 0 = audio_room_composite_cpu_cost
	Web                      float64 `yaml:"web_cpu_cost"`                                   // cores for a page
	AudioWeb                 float64 `yaml:"audio_web_cpu_cost"`                             // cores for a page's sound
	Participant              float64 `yaml:"participant_cpu_cost"`                           // cores for a participant, and for v2 media
	TrackComposite           float64 `yaml:"track_composite_cpu_cost"`                       // cores for two tracks
	Track                    float64 `yaml:"track_cpu_cost"`                                 // cores for a track as it comes
	MaxMemory                float64 `yaml:"max_memory,omitempty"`                           // GB that may be used; 0 = not looked at
	MemoryCost               float64 `yaml:"memory_cost,omitempty"`                          // GB for an egress
	SDKAudioRoomCompositeMem float64 `yaml:"sdk_audio_room_composite_memory_cost,omitempty"` // GB for a room's sound by its tracks; 0 = memory_cost
	MemorySource             string  `yaml:"memory_source,omitempty"`                        // proc_rss (PSS of all processes) or cgroup (its working set); empty = proc_rss
	MemoryKillGraceSec       int     `yaml:"memory_kill_grace_sec,omitempty"`                // seconds beyond max_memory after which the youngest egress ends
	CPUKillGraceSec          int     `yaml:"cpu_kill_grace_sec"`                             // seconds for which pictures may lack before the youngest egress ends
	MaxPulseClients          int     `yaml:"max_pulse_clients"`                              // no PulseAudio is shared
}
