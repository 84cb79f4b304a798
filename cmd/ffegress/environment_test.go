package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ffegress/ffegress/service/config"
)

// TestConfigFromEnvironment: the configuration, or its file, by environment; what is given itself goes first.
func TestConfigFromEnvironment(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(file, []byte("work_dir: "+dir+"\nredis: {address: '127.0.0.1:1'}"), 0o600); err != nil {
		t.Fatal(err)
	}
	const away, none = "unable to connect to redis", "redis is not configured"
	for _, tt := range []struct {
		name       string
		file, body string
		args       []string
		says       string
	}{
		{"nothing", "", "", nil, "missing config"},
		{"file", file, "", nil, away},
		{"file that is not there", filepath.Join(dir, "nowhere.yaml"), "", nil, "could not read config"},
		{"body", "", "work_dir: " + dir, nil, none},
		{"both", file, "work_dir: " + dir, nil, none},
		{"the flag before the variable", "/nowhere.yaml", "", []string{"--config", file}, away},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("EGRESS_CONFIG_FILE", tt.file)
			t.Setenv("EGRESS_CONFIG_BODY", tt.body)
			for _, args := range [][]string{{"ffegress"}, {"ffegress", "serve"}} {
				var out bytes.Buffer
				app := newApp()
				app.Writer, app.ErrWriter = &out, &out
				if code := exitCode(&out, app.Run(t.Context(), append(args, tt.args...))); code != exitError || !strings.Contains(out.String(), tt.says) {
					t.Errorf("%v: exit code %d, says %q, want %q in it", args, code, &out, tt.says)
				}
			}
		})
	}
}

func TestUmask(t *testing.T) {
	was := syscall.Umask(0o022)
	defer syscall.Umask(was)
	setUmask(&config.Config{})
	if now := syscall.Umask(0o022); now != 0o022 {
		t.Errorf("without the key: %o", now)
	}
	setUmask(&config.Config{LocalOutput: config.LocalOutput{Umask: "0027"}})
	if now := syscall.Umask(0o022); now != 0o027 {
		t.Errorf("%o", now)
	}
}
