package config

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// clean takes away the environment's influence.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "LIVEKIT_WS_URL",
		"AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "XDG_STATE_HOME",
	} {
		t.Setenv(name, "")
	}
}

func load(t *testing.T, body string) (*Config, []Warning) {
	t.Helper()
	c, warnings, err := Load([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return c, warnings
}

func loadFile(t *testing.T, name string) (*Config, []Warning) {
	t.Helper()
	c, warnings, err := Resolve(filepath.Join("testdata", name), "")
	if err != nil {
		t.Fatal(err)
	}
	return c, warnings
}

func texts(warnings []Warning) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.String())
	}
	slices.Sort(all)
	return all
}

func TestSeedFile(t *testing.T) {
	clean(t)
	c, warnings := loadFile(t, "seed.yml")
	for _, check := range []struct {
		key       string
		got, want any
	}{
		{"api_key", c.APIKey, "key"},
		{"api_secret", c.APISecret.Reveal(), "sesame-api"},
		{"ws_url", c.WSURL, "wss://example.com"},
		{"redis.password", c.Redis.Password.Reveal(), "sesame-redis"},
		{"redis.db", c.Redis.DB, 3},
		{"health_port", c.HealthPort, 9091},
		{"log_level", c.Logging.Level, "debug"},
		{"template_base", c.TemplateBase, "https://templates.example.com/base"},
		{"insecure", c.Insecure, true},
		{"local_directory", c.WorkDir, "/out/output"},
		{"cpu_cost", c.CPUCost.RoomComposite, 3.0},
		{"session_limits", c.SessionLimits.StreamOutputMaxDuration, 90 * time.Minute},
		{"s3", c.Storage.S3.Secret.Reveal(), "sesame-s3"},
		{"azure", c.Storage.Azure.AccountKey.Reveal(), "sesame-azure"},
		{"gcp", c.Storage.GCP.Bucket, "films"},
		{"alioss", c.Storage.AliOSS.Secret.Reveal(), "sesame-ali"},
		{"first store", c.Storage.Provider(), "S3"},
		{"drain_timeout", c.DrainTimeout, time.Hour},
	} {
		if check.got != check.want {
			t.Errorf("%s = %v, want %v", check.key, check.got, check.want)
		}
	}
	want := []string{
		"line 25: storage: has more than one store (S3, GCP, Azure, AliOSS); S3 is used",
		"line 41: alioss.region: has no effect here",
	}
	slices.Sort(want)
	if got := texts(warnings); !slices.Equal(got, want) {
		t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTodayFile has every key of today's version: each must be known, and arrive.
func TestTodayFile(t *testing.T) {
	clean(t)
	c, warnings := loadFile(t, "today.yml")
	for _, w := range warnings {
		if w.Kind != NoEffect {
			t.Errorf("warning: %v", w)
		}
	}
	dump := dumpNode(t, c)
	root, err := parse(mustRead(t, "testdata/today.yml"))
	if err != nil {
		t.Fatal(err)
	}
	arrived(t, root, dump, "")
	if r := c.Redis.Client(); r.Password != "sesame-redis" || r.SentinelPassword != "sesame-sentinel" ||
		*r.MaxRedirects != 0 || r.PoolTimeout != 5*time.Second || !r.TLS.Enabled || r.TLS.CACertFile != "ca.pem" {
		t.Errorf("redis client config: %+v", r)
	}
	old := (&Redis{UseTLS: true, TLS: &RedisTLS{ServerName: "x"}}).Client()
	if none := (&Redis{}).Client(); none.TLS != nil || !old.TLS.Enabled || old.TLS.ServerName != "" {
		t.Errorf("use_tls: %+v, without: %+v", old.TLS, none.TLS)
	}
	if v := c.ChromeFlags["window-size"]; v != "10" {
		t.Errorf("chrome flag with dashes and a number: %v", c.ChromeFlags)
	}
	if c.ChromeFlags["disable-x"] != true || c.ChromeFlags["kiosk"] != false {
		t.Errorf("chrome flags: %v", c.ChromeFlags)
	}
	if l := c.LatencyOverrides["web"]; l.JitterBuffer != 9*time.Second || l.AudioMixer != 2750*time.Millisecond ||
		l.MaxTSDiff != 9*time.Second {
		t.Errorf("override: %+v", l)
	}
	if r := c.AudioTempoController.AdjustmentRate; r != 0.05 {
		t.Errorf("adjustment rate %v", r)
	}
}

// arrived compares a file with its dump, where both have the same key.
func arrived(t *testing.T, file, dump *yaml.Node, path string) {
	t.Helper()
	switch {
	case path == "chrome_flags", path == "audio_tempo_controller.adjustment_rate": // changed on purpose
	case file.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(file.Content); i += 2 {
			p := join(path, file.Content[i].Value)
			if j := at(dump, file.Content[i].Value); j < 0 {
				t.Errorf("%s did not arrive", p)
			} else {
				arrived(t, file.Content[i+1], dump.Content[j+1], p)
			}
		}
	case file.Kind == yaml.SequenceNode:
		if !same(file, dump) {
			t.Errorf("%s arrived changed", path)
		}
	case strings.Contains(file.Value, "sesame"):
		if dump.Value != Redacted {
			t.Errorf("%s is %q in the dump", path, dump.Value)
		}
	default:
		want := file.Value
		if d, err := time.ParseDuration(want); err == nil && want != "0" {
			want = d.String()
		}
		if dump.Value != want {
			t.Errorf("%s arrived as %q, want %q", path, dump.Value, want)
		}
	}
}

func dumpNode(t *testing.T, c *Config) *yaml.Node {
	t.Helper()
	out, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	root, err := parse(out)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestOwnFile(t *testing.T) {
	clean(t)
	c, _ := loadFile(t, "own.yml")
	for _, s := range []Secret{c.APISecret, c.Redis.Password, c.Storage.S3.Secret} {
		if s.Reveal() != "filed secret" {
			t.Errorf("secret from a file: %q", s.Reveal())
		}
	}
	if c.Binaries != (Binaries{"/opt/ffmpeg", "/opt/chromium", "/opt/Xvfb", "/opt/pulseaudio"}) {
		t.Errorf("binaries: %+v", c.Binaries)
	}
	if c.WorkDir != "/srv/work" || c.DrainTimeout != 2*time.Hour || c.RejoinGrace != 10*time.Second || c.BrowserPool != 3 {
		t.Errorf("%v %v %v %v", c.WorkDir, c.DrainTimeout, c.RejoinGrace, c.BrowserPool)
	}
	if c.VideoEncoder != "auto" || c.VideoEncoderPreset != "superfast" {
		t.Errorf("%q %q", c.VideoEncoder, c.VideoEncoderPreset)
	}
	if c.StartSignalTimeout(false) != 5*time.Minute || c.StartSignalTimeout(true) != 5*time.Minute {
		t.Errorf("start signal timeout: %v", c.StartSignal)
	}
}

func TestStartSignalTimeout(t *testing.T) {
	for _, tt := range []struct {
		key       time.Duration
		room, web time.Duration
	}{{0, 0, time.Minute}, {time.Second, time.Second, time.Second}, {-1, 0, 0}} {
		c := &Config{StartSignal: tt.key}
		if room, web := c.StartSignalTimeout(false), c.StartSignalTimeout(true); room != tt.room || web != tt.web {
			t.Errorf("%v: room %v, web %v", tt.key, room, web)
		}
	}
}

func TestEmptyFile(t *testing.T) {
	clean(t)
	for _, body := range []string{"", "# nothing\n", "---\n", "{}", "null", "redis:\nstorage: ~\n"} {
		c, warnings := load(t, body)
		if len(warnings) > 0 {
			t.Errorf("%q: %v", body, warnings)
		}
		if c.TemplateBase != "http://localhost:7980/" || c.Logging.Level != "info" || c.Redis != nil ||
			c.IOCreateTimeout != 15*time.Second || c.IOUpdateTimeout != 30*time.Second || c.IOWorkers != 5 ||
			c.MaxUploadQueue != 60 || c.CPUCost.Track != 0.5 || c.CPUCost.SDKAudioRoomComposite != 1 {
			t.Errorf("%q: %+v", body, c)
		}
		if !strings.HasPrefix(c.NodeID, "NE_") || len(c.NodeID) < 10 {
			t.Errorf("node id %q", c.NodeID)
		}
		if err := c.RequireRedis(); !errors.Is(err, ErrNoRedis) || err.Error() != "redis is not configured" {
			t.Errorf("redis: %v", err)
		}
	}
}

func TestResolve(t *testing.T) {
	clean(t)
	if _, _, err := Resolve("", ""); !errors.Is(err, ErrMissing) || err.Error() != "missing config" {
		t.Errorf("nothing given: %v", err)
	}
	c, _, err := Resolve("testdata/none.yml", "api_key: from-body")
	if err != nil || c.APIKey != "from-body" {
		t.Errorf("body does not win: %v", err)
	}
	_, _, err = Resolve("testdata/none.yml", "")
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "could not read config: ") {
		t.Errorf("missing file: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	clean(t)
	t.Setenv("LIVEKIT_API_KEY", "env-key")
	t.Setenv("LIVEKIT_API_SECRET", "env-secret")
	t.Setenv("LIVEKIT_WS_URL", "wss://env")
	t.Setenv("AZURE_STORAGE_ACCOUNT", "env-account")
	t.Setenv("AZURE_STORAGE_KEY", "env-azure")
	c, _ := load(t, "api_key: file-key\nazure: {container_name: c}\nbackup: {azure: {account_name: a, account_key: k}}")
	if c.APIKey != "file-key" || c.APISecret.Reveal() != "env-secret" || c.WSURL != "wss://env" {
		t.Errorf("%s %s %s", c.APIKey, c.APISecret.Reveal(), c.WSURL)
	}
	if a := c.Storage.Azure; a.AccountName.Reveal() != "env-account" || a.AccountKey.Reveal() != "env-azure" {
		t.Errorf("azure: %q %q", a.AccountName.Reveal(), a.AccountKey.Reveal())
	}
	if a := c.Backup.Azure; a.AccountName.Reveal() != "a" || a.AccountKey.Reveal() != "k" {
		t.Errorf("backup azure: %q %q", a.AccountName.Reveal(), a.AccountKey.Reveal())
	}
	dev, err := Dev()
	if err != nil || dev.APIKey != "devkey" || dev.APISecret.Reveal() != "secret" || dev.WSURL != "ws://127.0.0.1:7880" {
		t.Errorf("dev: %+v %v", dev, err)
	}
	c.FillDev()
	if c.APIKey != "file-key" || c.WSURL != "wss://env" {
		t.Errorf("FillDev overrode %s %s", c.APIKey, c.WSURL)
	}
	def, err := Default()
	if err != nil || def.APIKey != "env-key" || def.TemplateBase == "" {
		t.Errorf("default: %+v %v", def, err)
	}
}

func TestWorkDir(t *testing.T) {
	clean(t)
	c, _ := load(t, "work_dir: recordings")
	if wd, err := os.Getwd(); err != nil || c.WorkDir != filepath.Join(wd, "recordings") {
		t.Errorf("relative work_dir became %s", c.WorkDir)
	}
	for _, tt := range []struct {
		uid             int
		state, home, is string
	}{
		{0, "/s", "/h", "/var/lib/ffegress"},
		{1000, "/s", "/h", "/s/ffegress"},
		{1000, "", "/h", "/h/.local/state/ffegress"},
		{1000, "relative", "/h", "/h/.local/state/ffegress"},
		{1000, "", "", ""},
	} {
		t.Setenv("XDG_STATE_HOME", tt.state)
		t.Setenv("HOME", tt.home)
		if dir, err := stateDir(tt.uid); dir != tt.is || (err != nil) != (tt.is == "") {
			t.Errorf("%+v: %s %v", tt, dir, err)
		}
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[string]slog.Level{
		"": slog.LevelInfo, "debug": slog.LevelDebug, "WARN": slog.LevelWarn, "error": slog.LevelError, "panic": slog.LevelError,
	} {
		if got := (Logging{Level: level}).SlogLevel(); got != want {
			t.Errorf("%q: %v, want %v", level, got, want)
		}
	}
}

// TestCosts has what requests are reckoned to take where nothing is said.
func TestCosts(t *testing.T) {
	c, _ := load(t, "")
	if got, want := c.CPUCost, (CPUCost{
		MaxCPUUtilization: 0.8, RoomComposite: 4, AudioRoomComposite: 1, SDKAudioRoomComposite: 1, Web: 4, AudioWeb: 1, Participant: 2,
		TrackComposite: 1, Track: 0.5, CPUKillGraceSec: 30, MaxPulseClients: 60,
	}); got != want {
		t.Errorf("%+v", got)
	}
	c, _ = load(t, "cpu_cost: {audio_room_composite_cpu_cost: 1.5, memory_cost: 2, max_memory: 9}")
	if c.CPUCost.SDKAudioRoomComposite != 1.5 || c.CPUCost.SDKAudioRoomCompositeMem != 2 || c.CPUCost.MaxMemory != 9 {
		t.Errorf("what follows from others: %+v", c.CPUCost)
	}
}

func TestUtilization(t *testing.T) {
	for text, want := range map[string]float64{"0.5": 0.5, "1": 1, "0": 0.8, "-1": 0.8, "1.1": 0.8} {
		if c, _ := load(t, "cpu_cost: {max_cpu_utilization: "+text+"}"); c.CPUCost.MaxCPUUtilization != want {
			t.Errorf("%s: %v, want %v", text, c.CPUCost.MaxCPUUtilization, want)
		}
	}
}

// TestReadmeLocal is the example for running locally of the README of 2022: nothing is the matter with it.
func TestReadmeLocal(t *testing.T) {
	clean(t)
	c, warnings := load(t, "log_level: debug\napi_key: your-api-key\napi_secret: your-api-secret\nws_url: ws://192.168.65.2:7880\n"+
		"insecure: true\nredis:\n  address: 192.168.65.2:6379\n")
	if len(warnings) > 0 || c.Logging.SlogLevel() != slog.LevelDebug || c.APIKey != "your-api-key" || c.APISecret.Reveal() != "your-api-secret" ||
		c.WSURL != "ws://192.168.65.2:7880" || !c.Insecure || c.Redis.Address != "192.168.65.2:6379" {
		t.Errorf("%v %+v", warnings, c)
	}
}
