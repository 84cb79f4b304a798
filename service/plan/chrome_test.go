package plan

import (
	"slices"
	"testing"

	"github.com/ffegress/ffegress/service/config"
)

// TestReach: pages that requests name go through the gate, those of the configuration do not.
func TestReach(t *testing.T) {
	const file = `"file_outputs": [{}]}`
	for _, tt := range []struct {
		name, kind, body string
		page             string
		always           []string
	}{
		{"web", "web", `{"url": "http://127.0.0.1:9/", ` + file, "127.0.0.1", nil},
		{"built-in template", "room", `{"room_name": "r", ` + file, "", nil},
		{"its sound", "room", `{"room_name": "r", "layout": "grid", "audio_only": true, ` + file, "", nil},
		{"its options", "room", `{"room_name": "r", "custom_base_url": "http://localhost:7980/?names=true", ` + file, "", nil},
		{"another template", "room", `{"room_name": "r", "custom_base_url": "https://Template.example/", ` + file, "template.example", []string{"sfu.example:443"}},
	} {
		conf := testConfig()
		conf.TemplatePort, conf.TemplateBase, conf.WSURL = 7980, "http://localhost:7980/", "wss://SFU.example"
		conf.WebEgress.DenyHosts = []string{"private"}
		p, err := New(conf, parse(t, tt.kind, tt.body))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		b := p.Browser
		if gated := tt.page != ""; b.Gate != gated || (b.Reach != nil) != gated {
			t.Errorf("%s: gate %v, %+v", tt.name, b.Gate, b.Reach)
		}
		if tt.page != "" && (b.Reach.Page != tt.page || len(b.Reach.Deny) != 1 || !slices.Equal(b.Reach.Always, tt.always)) {
			t.Errorf("%s: %+v", tt.name, b.Reach)
		}
	}
	if o := PoolBrowser(&config.Config{}, "dir"); !o.Gate || o.Reach != nil {
		t.Errorf("a browser that waits: gate %v, %+v", o.Gate, o.Reach)
	}
}
