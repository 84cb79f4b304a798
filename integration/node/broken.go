package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// broken is a set-up with one real part of it broken.
type broken struct {
	name   string
	change map[string]any // of the configuration
	env    []string
	as     string // what is run in the recorder's place; "" = itself
	fails  string // the only check that may fail
	found  string // in its line
	remedy string // in its line, too
}

// checkBroken runs `ffegress check` where all is well, and then in each broken set-up.
func checkBroken(patience time.Duration) accept.Case {
	return accept.Case{
		ID: "check-broken", Line: 7, Title: "broken set-ups, told by ffegress check with cause and remedy",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "broken", Rig: rig.Options{ServersOnly: true, Redis: rig.StartRedisTLS}})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			w, err := newWreckage(ctx, l)
			if err != nil {
				return err
			}
			defer w.close()
			setUps, err := w.setUps()
			if err != nil {
				return err
			}
			said, err := w.check(ctx, broken{}, patience)
			o.Want(err == nil && !strings.Contains(said, "FAIL"), "a set-up that is well: %v\n%s", err, said)
			for _, b := range setUps {
				said, err := w.check(ctx, b, patience)
				var exit *exec.ExitError
				o.Want(errors.As(err, &exit) && exit.ExitCode() == 1, "%s: exit %v, want 1\n%s", b.name, err, said)
				line := ""
				for text := range strings.Lines(said) {
					if strings.HasPrefix(text, "FAIL") {
						o.Want(strings.Fields(text)[1] == b.fails, "%s: this fails too: %s", b.name, text)
						line += strings.TrimSpace(text)
					}
				}
				o.Add(b.name, "`%s`", strings.Join(strings.Fields(strings.ReplaceAll(line, w.Dir, "…")), " "))
				o.Want(strings.Contains(line, b.found) && strings.Contains(line, b.remedy), "%s: says %q, want %q and %q", b.name, line, b.found, b.remedy)
				for _, secret := range w.secrets() {
					o.Want(!strings.Contains(said, secret), "%s: a secret is shown: %s", b.name, said)
				}
			}
			return nil
		},
	}
}

// check runs the command in a set-up and gives what it printed.
func (w *wreckage) check(ctx context.Context, b broken, patience time.Duration) (string, error) {
	ports, err := rig.FreePorts(1)
	if err != nil {
		return "", err
	}
	config := map[string]any{
		"api_key": rig.APIKey, "api_secret": rig.APISecret, "ws_url": w.LiveKit.WS(), "redis": w.Redis.Keys,
		"template_port": ports[0], "work_dir": filepath.Join(w.Dir, "work"),
	}
	maps.Copy(config, b.change)
	body, err := yaml.Marshal(config)
	if err != nil {
		return "", err
	}
	file := filepath.Join(w.Dir, "check.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return "", err
	}
	program := w.Binary
	if b.as != "" {
		program = b.as
	}
	cmd := exec.CommandContext(ctx, program, "check", "--config", file, "--timeout", fmt.Sprint(patience))
	cmd.Dir = w.Dir
	cmd.Env = append(os.Environ(), b.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
