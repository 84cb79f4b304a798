package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	clean(t)
	for _, tt := range []struct {
		name, body string
		want       []string
	}{
		{"typo", "api_keey: k", []string{"line 1: api_keey: unknown key (is it api_key?)"}},
		{"nothing near", "colour: red", []string{"line 1: colour: unknown key"}},
		{
			"typo in a section", "redis:\n  address: a:1\n  pasword: x",
			[]string{"line 3: redis.pasword: unknown key (is it password?)"},
		},
		{
			"typo in an old section", "s3:\n  bukcet: x",
			[]string{
				"line 2: s3.bukcet: unknown key (is it bucket?)",
			},
		},
		{
			"old and new differ", "log_level: debug\nlogging:\n  level: warn",
			[]string{"line 1: log_level: differs from logging.level, which is used"},
		},
		{"old and new agree", "log_level: debug\nlogging:\n  level: debug", nil},
		{"old key alone", "log_level: debug\nlogging:\n  json: true", nil},
		{"old key empty", "log_level:\nlogging:\n  level: debug", nil},
		{"new section empty", "log_level: debug\nlogging:", nil},
		{
			"backup twice", "backup_storage: {prefix: a}\nbackup: {prefix: b}",
			[]string{"line 1: backup_storage: differs from backup, which is used"},
		},
		{
			"backup of the README", "backup_storage: {prefix: a}", nil,
		},
		{
			"directories", "work_dir: /a\nlocal_directory: /b",
			[]string{"line 2: local_directory: differs from work_dir, which is used"},
		},
		{
			"latency both ways", "latency:\n  rtp_max_allowed_ts_diff: 7s\n  rtpmaxallowedtsdiff: 8s",
			[]string{
				"line 2: latency.rtp_max_allowed_ts_diff: differs from latency.rtpmaxallowedtsdiff, which is used",
				"line 3: latency.rtpmaxallowedtsdiff: has no effect here",
			},
		},
		{
			"overrides", "latency_overrides:\n  web:\n    rtp_max_drift_adjustment: 9ms\n  wbe: {}",
			[]string{
				"line 3: latency_overrides.web.rtp_max_drift_adjustment: has no effect here",
				"line 4: latency_overrides.wbe: unknown request type",
			},
		},
		{
			"of another pipeline", "latency:\n  jitter_buffer_latency: 1s\n  pipeline_latency: 3s\n  audio_mixer_latency: 2s\n  old_packet_threshold: 2s",
			[]string{
				"line 3: latency.pipeline_latency: has no effect here",
				"line 4: latency.audio_mixer_latency: has no effect here",
				"line 5: latency.old_packet_threshold: has no effect here",
			},
		},
		{
			"rtp keys", "latency:\n  rtpmaxallowedtsdiff: 9s\n  rtpmaxdriftadjustment: 9ms\n  rtpdriftadjustmentwindowpercent: 2",
			[]string{
				"line 2: latency.rtpmaxallowedtsdiff: has no effect here",
				"line 3: latency.rtpmaxdriftadjustment: has no effect here",
				"line 4: latency.rtpdriftadjustmentwindowpercent: has no effect here",
			},
		},
		{
			"never read", "s3:\n  min_retry_delay: 1s\nbackup:\n  alioss:\n    region: r",
			[]string{"line 2: s3.min_retry_delay: has no effect here", "line 5: backup.alioss.region: has no effect here"},
		},
		{
			"sync", "enable_sync_engine: true\nenable_one_shot_sender_report_sync: true\naudio_tempo_controller: {enabled: true}",
			[]string{
				"line 1: enable_sync_engine: has no effect here",
				"line 2: enable_one_shot_sender_report_sync: has no effect here",
				"line 3: audio_tempo_controller: has no effect here",
			},
		},
		{
			"others", "debug: {enable_profiling: true, enable_chrome_logging: true, s3: {bucket: b}}\ntest_overrides: {failure_injection_room: x}\npulse_sink_reap_grace_sec: 3\nio_workers: 7\naws_log_level: debug",
			[]string{
				"line 2: test_overrides: has no effect here",
				"line 3: pulse_sink_reap_grace_sec: has no effect here",
				"line 4: io_workers: has no effect here",
				"line 5: aws_log_level: has no effect here",
			},
		},
		{"seed's own", "gst_debug: 1", []string{"line 1: gst_debug: has no effect here"}},
		{"off has its effect", "enable_sync_engine: false\ndebug_handler_port: 0", nil},
		{
			"secret file", "s3_assume_role_secret_file: testdata/secret.txt",
			nil,
		},
		{"file of what is no secret", "ws_url_file: x", []string{"line 1: ws_url_file: unknown key"}},
		{"one PulseAudio for each browser", "cpu_cost:\n  max_pulse_clients: 60", []string{"line 2: cpu_cost.max_pulse_clients: has no effect here"}},
		{
			"memory source", "cpu_cost:\n  memory_source: guess",
			[]string{
				"line 2: cpu_cost.memory_source: want proc_rss or cgroup; proc_rss is used",
			},
		},
		{
			"redis of all kinds",
			"redis:\n  address: h:1\n  db: 2\n  sentinel_addresses: [s:1]\n  sentinel_master_name: m\n  cluster_addresses: [c:1]\n  max_redirects: 0\n  read_timeout: 9",
			[]string{
				"line 2: redis.address: has no effect beside sentinel_addresses",
				"line 6: redis.cluster_addresses: has no effect beside sentinel_addresses",
				"line 7: redis.max_redirects: has an effect with cluster_addresses only",
			},
		},
		{
			"redis cluster and more",
			"redis:\n  cluster_addresses: [c:1]\n  address: h:1\n  db: 2\n  max_redirects: 4\n  write_timeout: 9\n  sentinel_password_file: testdata/secret.txt",
			[]string{
				"line 3: redis.address: has no effect beside cluster_addresses",
				"line 4: redis.db: has no effect: a cluster has only database 0",
				"line 6: redis.write_timeout: has an effect with sentinel_addresses only",
				"line 7: redis.sentinel_password: has an effect with sentinel_addresses only",
			},
		},
		{
			"redis tls switched off",
			"redis:\n  address: h:1\n  use_tls: true\n  tls:\n    enabled: false\n    ca_cert_file: ca.pem",
			[]string{
				"line 5: redis.tls.enabled: differs from use_tls, which is used",
				"line 6: redis.tls.ca_cert_file: has no effect without tls.enabled",
			},
		},
		{"redis tls", "redis: {address: 'h:1', use_tls: true, tls: {enabled: true, insecure: true}}", nil},
		{
			"anchors", "x: &a\n  address: h:1\nredis:\n  <<: *a\n  db: 2",
			[]string{"line 1: x: unknown key"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, warnings := load(t, tt.body)
			if got := texts(warnings); !slices.Equal(got, tt.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			c, found := Examine([]byte(tt.body))
			if got := texts(found); c == nil || !slices.Equal(got, tt.want) {
				t.Errorf("examined: %v\n%s\nwant:\n%s", c, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// TestToday wins: the values, where TestWarnings has the texts.
func TestTodayWins(t *testing.T) {
	clean(t)
	c, _ := load(t, `
log_level: debug
logging: {level: warn}
local_directory: /old
work_dir: /new
s3: {bucket: old}
storage: {prefix: p, s3: {bucket: new}}
gcp: {bucket: only-old}
latency: {rtp_max_allowed_ts_diff: 7s, rtpmaxallowedtsdiff: 8s, rtp_max_drift_adjustment: 9ms}
latency_overrides: {web: {rtp_max_drift_adjustment: 11ms}}
`)
	if c.Logging.Level != "warn" || c.WorkDir != "/new" || c.Storage.S3.Bucket != "new" ||
		c.Storage.Prefix != "p" || c.Storage.GCP.Bucket != "only-old" {
		t.Errorf("%+v %s %+v", c.Logging, c.WorkDir, c.Storage)
	}
	if l := c.Latency; l.MaxTSDiff.Seconds() != 8 || l.MaxDriftStep.Milliseconds() != 9 {
		t.Errorf("latency: %+v", l)
	}
	if l := c.LatencyOverrides["web"]; l.MaxDriftStep.Milliseconds() != 11 {
		t.Errorf("override: %+v", l)
	}
}

func TestMergeKeys(t *testing.T) {
	clean(t)
	c, _ := load(t, "x: &a {address: h:1, db: 7}\ny: &b {db: 8, username: u}\nredis: {<<: [*a, *b], db: 9}")
	if c.Redis.Address != "h:1" || c.Redis.DB != 9 || c.Redis.Username != "u" {
		t.Errorf("%+v", c.Redis)
	}
}

// TestTables wants the tables of keys to name keys that exist, so that neither outlives what it describes.
func TestTables(t *testing.T) {
	exists := func(path string) bool {
		v := reflect.ValueOf(base()).Elem()
		for key := range strings.SplitSeq(path, ".") {
			if v.Kind() == reflect.Pointer {
				v = reflect.New(v.Type().Elem()).Elem()
			}
			if v.Kind() == reflect.Map {
				v = reflect.New(v.Type().Elem()).Elem()
				continue
			}
			field, ok := fieldsOf(v)[key]
			if !ok {
				return false
			}
			v = field
		}
		return true
	}
	retired := []string{"gst_debug", "aws_log_level"}
	for path := range noEffect {
		if exists(path) == slices.Contains(retired, path) {
			t.Errorf("noEffect: %s: known %v", path, exists(path))
		}
	}
	for _, a := range aliases {
		if exists(a.old) || !exists(a.today) {
			t.Errorf("alias %s → %s: known %v, %v", a.old, a.today, exists(a.old), exists(a.today))
		}
	}
}
