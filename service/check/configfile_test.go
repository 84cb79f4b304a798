package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigurations(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for _, c := range []struct {
		name, body string
		want       []string // found; a remedy each
	}{
		{"good", "api_key: k\nredis: {address: 'a:1'}", nil},
		{"unknown key", "redis:\n  adress: a:1\n  address: a:1", []string{"line 2: redis.adress: unknown key (is it address?)"}},
		{"wrong type", "api_secret: " + secret + "\ntemplate_port: many", []string{`line 2: template_port: want a whole number, got "many"`}},
		{"without effect", "api_key: k\ngst_debug: 3", []string{"line 2: gst_debug: has no effect here"}},
		{"contradictory", "log_level: debug\nlogging:\n  level: warn", []string{"line 1: log_level: differs from logging.level, which is used"}},
		{
			"all at once", "gst_debug: 3\ninsecure: perhaps\napi_secret_fil: x\nwork_dir: ~/x",
			[]string{
				"line 1: gst_debug: has no effect here", `line 2: insecure: want true or false, got "perhaps"`,
				"line 3: api_secret_fil: unknown key", "line 4: work_dir: ~ is not expanded",
			},
		},
		{"no yaml", "redis: {", []string{"line 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := checkConfig("", c.body)
			if len(c.want) == 0 {
				want(t, got, OK, "EGRESS_CONFIG_BODY", "")
				return
			}
			if len(got) != len(c.want) {
				t.Fatalf("found %v, want %q", got, c.want)
			}
			for i := range got {
				want(t, got[i:i+1], Fail, c.want[i], "")
			}
		})
	}
	file := filepath.Join(t.TempDir(), "egress.yaml")
	_, got := checkConfig(file, "")
	want(t, got, Fail, file, "--config")
	if err := os.WriteFile(file, []byte("api_key: k"), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, got := checkConfig(file, "")
	want(t, got, OK, file, "")
	if conf.APIKey != "k" {
		t.Errorf("%+v", conf)
	}
	_, got = checkConfig("", "")
	want(t, got, Fail, "missing config", "EGRESS_CONFIG_FILE")
	if s := about(t, "api_secret: "+secret); strings.Contains(s.conf.APISecret.String(), secret) {
		t.Error("the secret prints")
	}
}
