package config

import "time"

// Config is the whole configuration. Durations are written as Go durations ("30s", "1h30m").
type Config struct {
	// NodeID names this process in metrics and logs; made anew at each load, never read from the file.
	NodeID string `yaml:"-"`

	// APIKey, APISecret and WSURL default to LIVEKIT_API_KEY, LIVEKIT_API_SECRET and LIVEKIT_WS_URL. Nothing checks
	// that they are set: a request that needs one and cannot bring its own fails alone.
	APIKey    string `yaml:"api_key,omitempty" env:"LIVEKIT_API_KEY"`
	APISecret Secret `yaml:"api_secret,omitempty" env:"LIVEKIT_API_SECRET"` // signs tokens, and seals the journal of uploads
	WSURL     string `yaml:"ws_url,omitempty" env:"LIVEKIT_WS_URL"`         // where rooms are joined, ws:// or wss://
	Redis     *Redis `yaml:"redis,omitempty"`

	Logging Logging `yaml:"logging"`

	// TemplateBase is the page of RoomComposite requests; default: the built-in template on TemplatePort.
	TemplateBase string `yaml:"template_base"`
	TemplatePort int    `yaml:"template_port"` // of the built-in page, on the loopback

	// Zero switches each of these off.
	HealthPort       int `yaml:"health_port,omitempty"`        // health, on all interfaces; 0 = off
	PrometheusPort   int `yaml:"prometheus_port,omitempty"`    // metrics, on all interfaces; 0 = off
	DebugHandlerPort int `yaml:"debug_handler_port,omitempty"` // state and profiles, on the loopback; 0 = off
	// ControlPort is where programs on this machine pause and resume recordings.
	ControlPort int `yaml:"control_port,omitempty"`

	// ClusterID is the topic StartEgress is served on. An unmodified livekit-server calls the empty one only.
	ClusterID string `yaml:"cluster_id,omitempty"`

	EnableChromeSandbox bool        `yaml:"enable_chrome_sandbox,omitempty"` // Chromium keeps its sandbox; ffegress must not run as root
	Insecure            bool        `yaml:"insecure,omitempty"`              // pages of rooms may use insecure connections and content
	ChromeFlags         ChromeFlags `yaml:"chrome_flags,omitempty"`          // flags of Chromium without their dashes: true is a bare flag, false takes it away, a text is its value; applied last
	Binaries            Binaries    `yaml:"binaries,omitempty"`
	// BrowserPool is how many launched browsers wait for requests; 0 = none.
	BrowserPool int `yaml:"browser_pool"`

	// WorkDir holds what is being recorded; always absolute.
	WorkDir string `yaml:"work_dir"`
	// StartSignal is start_signal_timeout; see StartSignalTimeout.
	StartSignal time.Duration `yaml:"start_signal_timeout,omitempty"` // how long a page may take to log START_RECORDING; 0 = for ever, 60 s for Web with await_start_signal; negative = for ever
	// DrainTimeout bounds the wait for running recordings at shutdown; 0 = no bound.
	DrainTimeout time.Duration `yaml:"drain_timeout"`
	// RejoinGrace is how long a vanished participant or track may take to come back.
	RejoinGrace time.Duration `yaml:"rejoin_grace"`
	// StorageProbe has each request's store tried when it starts, so that a refusal is told at once.
	StorageProbe bool `yaml:"storage_probe"`
	// UploadReportDeadline is how long an upload is retried before its egress is reported as failed.
	UploadReportDeadline time.Duration `yaml:"upload_report_deadline"`

	// NodeLostAfter is how long a node may be gone before another one ends its egresses.
	NodeLostAfter time.Duration `yaml:"node_lost_after"`
	// ResumeLost has egresses of rooms whose node is lost go on here, where that is possible.
	ResumeLost bool `yaml:"resume_lost,omitempty"`

	// MaxUploadQueue bounds queued segments and images, in minutes.
	MaxUploadQueue       int  `yaml:"max_upload_queue"`
	DisallowLocalStorage bool `yaml:"disallow_local_storage,omitempty"` // an output without a store is refused

	LocalOutput LocalOutput `yaml:",inline"`
	WebEgress   WebEgress   `yaml:"web_egress,omitempty"`

	IOCreateTimeout    time.Duration `yaml:"io_create_timeout"`              // how long livekit-server may take to note a new egress
	IOUpdateTimeout    time.Duration `yaml:"io_update_timeout"`              // how long one try to tell a state may take; it is tried again until it is told
	IOSelectionTimeout time.Duration `yaml:"io_selection_timeout,omitempty"` // how long to wait for somebody who takes such a call; 0 = as long as the call may take
	IOWorkers          int           `yaml:"io_workers"`                     // each egress reports by itself

	SessionLimits SessionLimits `yaml:"session_limits,omitempty"`

	Storage Storage  `yaml:"storage,omitempty"`
	Backup  *Storage `yaml:"backup,omitempty"` // the second store, by the keys of storage; without a store in it, this machine

	// The role that a request's S3 upload assumes when it names none itself.
	S3AssumeRoleKey        Secret `yaml:"s3_assume_role_key,omitempty"`         // the account that takes a request's role when it brings none
	S3AssumeRoleSecret     Secret `yaml:"s3_assume_role_secret,omitempty"`      // that account's secret
	S3AssumeRoleARN        string `yaml:"s3_assume_role_arn,omitempty"`         // the role of a request's S3 upload that names none
	S3AssumeRoleExternalID Secret `yaml:"s3_assume_role_external_id,omitempty"` // that role's external id

	Debug Debug `yaml:"debug,omitempty"`

	Latency Latency `yaml:"latency"`
	// LatencyOverrides replaces Latency whole for a request type (room_composite, web, participant, …).
	LatencyOverrides map[string]Latency `yaml:"latency_overrides,omitempty"`

	// VideoEncoder is one of ffpipe.VideoEncoders: x264, a device's, or auto for the first of those that works.
	VideoEncoder string `yaml:"video_encoder"` // x264, vaapi, nvenc, qsv, or auto for the first device's that works
	// VideoEncoderPreset is x264's; "" = veryfast, made a little cheaper.
	VideoEncoderPreset string `yaml:"video_encoder_preset,omitempty"`
	// VideoEncoderThreads is x264's thread count; 0 = its own choice.
	VideoEncoderThreads int `yaml:"video_encoder_threads,omitempty"`
	// Video is what FindVideoEncoder has found; never read from the file.
	Video Video `yaml:"-"`

	EnableSyncEngine              bool       `yaml:"enable_sync_engine,omitempty"`                 // senders' reports are used always
	EnableOneShotSenderReportSync bool       `yaml:"enable_one_shot_sender_report_sync,omitempty"` // senders' reports are used always
	AudioTempoController          AudioTempo `yaml:"audio_tempo_controller,omitempty"`
	TestOverrides                 Overrides  `yaml:"test_overrides,omitempty"`
	PulseSinkReapGraceSec         int        `yaml:"pulse_sink_reap_grace_sec,omitempty"` // each Chromium has a PulseAudio of its own
	CPUCost                       CPUCost    `yaml:"cpu_cost"`
}

// Binaries names the programs to run; an empty one is looked up.
type Binaries struct {
	FFmpeg     string `yaml:"ffmpeg,omitempty"`     // empty = the one in PATH
	Chromium   string `yaml:"chromium,omitempty"`   // Chrome will do as well; empty = looked for
	Xvfb       string `yaml:"xvfb,omitempty"`       // empty = the one in PATH
	PulseAudio string `yaml:"pulseaudio,omitempty"` // empty = the one in PATH
}

// AudioTempo is today's audio_tempo_controller.
type AudioTempo struct {
	Enabled        bool    `yaml:"enabled,omitempty"`         // sound is always kept from drifting
	AdjustmentRate float64 `yaml:"adjustment_rate,omitempty"` // see enabled
}

// Overrides are today's test hooks: substrings of a room name.
type Overrides struct {
	FailureInjectionRoom    string `yaml:"failure_injection_room,omitempty"`    // a hook of LiveKit Egress' own tests
	DisconnectInjectionRoom string `yaml:"disconnect_injection_room,omitempty"` // a hook of LiveKit Egress' own tests
}

// webStartSignalTimeout is what an awaited signal of a Web request gets when the config does not say.
const webStartSignalTimeout = 60 * time.Second

// StartSignalTimeout is how long the page has to log START_RECORDING, 0 = for ever. The key's own 0 means for ever
// for a room, which may stay empty for hours, and 60 s for a Web request with await_start_signal; a negative value
// means for ever for both.
func (c *Config) StartSignalTimeout(web bool) time.Duration {
	switch {
	case c.StartSignal < 0:
		return 0
	case c.StartSignal == 0 && web:
		return webStartSignalTimeout
	}
	return c.StartSignal
}
