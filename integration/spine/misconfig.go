package spine

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// checkStart is what `ffegress check` may take beside the time of its checks, which run side by side.
const checkStart = 3 * time.Second

// mistake is a configuration, or a machine, with one thing wrong.
type mistake struct {
	name   string
	change map[string]any // of the configuration
	env    []string
	fails  string // the only check that may fail
	found  string // in its line
	remedy string // in its line, too
}

func mistakes(empty string) []mistake {
	return []mistake{
		{"wrong secret", map[string]any{"api_secret": "notthesecretnotthesecretnotthesecret"}, nil, "api_key", "api_secret is not that of " + rig.APIKey, "keys section of livekit-server"},
		{"redis away", map[string]any{"redis": map[string]any{"address": "127.0.0.1:1"}}, nil, "redis", "127.0.0.1:1: connection refused", "start redis-server, or give"},
		{"wrong ws_url", map[string]any{"ws_url": "ws://127.0.0.1:1"}, nil, "ws_url", "connection refused", "start livekit-server, or set ws_url"},
		{"no ffmpeg", nil, []string{"PATH=" + empty}, "ffmpeg", "ffmpeg not found", "apt install ffmpeg"},
		{"misspelt key", map[string]any{"tempalte_base": "http://127.0.0.1/"}, nil, "config", "tempalte_base: unknown key (is it template_base?)", "correct the key"},
		{"work_dir", map[string]any{"work_dir": "/proc/nowhere"}, nil, "work_dir", "/proc/nowhere cannot be written", "set work_dir"},
	}
}

// misconfigured runs `ffegress check` with nothing wrong, then with one thing wrong at a time; each of its checks may
// take as long as patience.
func misconfigured(patience time.Duration) accept.Case {
	return accept.Case{
		ID: "misconfigured", Line: 4, Title: "common misconfigurations, told by ffegress check with their remedy",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLabOn(ctx, 0, rig.Options{ServersOnly: true})
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			said, err := l.check(ctx, o, patience, nil, nil)
			o.Want(err == nil, "a good configuration fails: %v\n%s", err, said)
			empty, err := onlyXvfbAndPulse(l.Dir)
			if err != nil {
				return err
			}
			for _, m := range mistakes(empty) {
				said, err := l.check(ctx, o, patience, m.change, m.env)
				var exit *exec.ExitError
				o.Want(errors.As(err, &exit) && exit.ExitCode() == 1, "%s: exit %v, want 1", m.name, err)
				line := ""
				for text := range strings.Lines(said) {
					if strings.HasPrefix(text, "FAIL") {
						o.Want(strings.Fields(text)[1] == m.fails, "%s: this fails too: %s", m.name, text)
						line += strings.TrimSpace(text)
					}
				}
				o.Add(m.name, "%s", line)
				o.Want(strings.Contains(line, m.found) && strings.Contains(line, m.remedy), "%s: says %q, want %q and %q", m.name, line, m.found, m.remedy)
			}
			return nil
		},
	}
}

// check runs the command and gives what it printed.
func (l *lab) check(ctx context.Context, o *accept.Outcome, patience time.Duration, change map[string]any, env []string) (string, error) {
	ports, err := rig.FreePorts(1)
	if err != nil {
		return "", err
	}
	config := map[string]any{
		"api_key": rig.APIKey, "api_secret": rig.APISecret, "ws_url": l.LiveKit.WS(), "redis": l.Redis.Keys,
		"template_port": ports[0], "work_dir": filepath.Join(l.Dir, "work"),
	}
	maps.Copy(config, change)
	body, err := yaml.Marshal(config)
	if err != nil {
		return "", err
	}
	file := filepath.Join(l.Dir, "check.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, l.binary, "check", "--config", file, "--timeout", patience.String())
	cmd.Env = append(os.Environ(), env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	o.Want(time.Since(began) <= patience+checkStart, "check took %v", time.Since(began))
	secret, _ := config["api_secret"].(string)
	o.Want(!strings.Contains(string(out), secret), "the secret is shown: %s", out)
	return string(out), err
}

// onlyXvfbAndPulse is a PATH that has what a browser needs and nothing else.
func onlyXvfbAndPulse(dir string) (string, error) {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{"Xvfb", "pulseaudio", "chromium", "fc-list"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue // Chromium may be elsewhere, and fc-list is not needed
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			return "", err
		}
	}
	return bin, nil
}
