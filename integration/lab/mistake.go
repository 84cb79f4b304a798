package lab

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

// Mistake is a set-up with one real part of it broken, and what `ffegress check` must say of it.
type Mistake struct {
	Name   string
	Change map[string]any // of the configuration
	Env    []string
	As     string // what is run in the recorder's place; "" = itself
	Fails  string // the only check that may fail
	Found  string // in its line
	Remedy string // in its line, too
}

// Check runs `ffegress check` in a set-up and gives what it printed; each of its checks may take as long as patience. The
// error is an *exec.ExitError when a check has failed.
func (l *Lab) Check(ctx context.Context, m Mistake, patience time.Duration) (said string, err error) {
	ports, err := rig.FreePorts(1)
	if err != nil {
		return "", err
	}
	config := map[string]any{
		"api_key": rig.APIKey, "api_secret": rig.APISecret, "ws_url": l.LiveKit.WS(), "redis": l.Redis.Keys,
		"template_port": ports[0], "work_dir": filepath.Join(l.Dir, "work"),
	}
	maps.Copy(config, m.Change)
	body, err := yaml.Marshal(config)
	if err != nil {
		return "", err
	}
	file := filepath.Join(l.Dir, "check.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return "", err
	}
	program := l.Binary
	if m.As != "" {
		program = m.As
	}
	cmd := exec.CommandContext(ctx, program, "check", "--config", file, "--timeout", patience.String())
	cmd.Dir = l.Dir
	cmd.Env = append(os.Environ(), m.Env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Judge holds what Check gave against what was to be found: the one check that fails, its cause and its remedy.
func (m Mistake) Judge(o *accept.Outcome, said string, err error) (line string) {
	var exit *exec.ExitError
	o.Want(errors.As(err, &exit) && exit.ExitCode() == 1, "%s: exit %v, want 1\n%s", m.Name, err, said)
	for text := range strings.Lines(said) {
		if strings.HasPrefix(text, "FAIL") {
			o.Want(strings.Fields(text)[1] == m.Fails, "%s: this fails too: %s", m.Name, text)
			line += strings.TrimSpace(text)
		}
	}
	o.Want(strings.Contains(line, m.Found) && strings.Contains(line, m.Remedy), "%s: says %q, want %q and %q", m.Name, line, m.Found, m.Remedy)
	return line
}
