package service

import (
	"log/slog"
	"testing"
	"time"

	"github.com/ffegress/ffegress/service/config"
)

// TestNewDebts: what the configuration says of uploads arrives.
func TestNewDebts(t *testing.T) {
	for _, tt := range []struct {
		keys     string
		probe    bool
		deadline time.Duration
	}{
		{"", true, 30 * time.Minute},
		{"storage_probe: false\nupload_report_deadline: 5m\n", false, 5 * time.Minute},
	} {
		conf, _, err := config.Load([]byte("api_secret: s\nwork_dir: " + t.TempDir() + "\n" + tt.keys))
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDebts(conf, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if d.Probe != tt.probe || d.Deadline != tt.deadline || d.Ground.Work != conf.WorkDir {
			t.Errorf("%q: %v %v %+v", tt.keys, d.Probe, d.Deadline, d.Ground)
		}
	}
}
