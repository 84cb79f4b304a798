package spine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	laboratory "github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// checkStart is what `ffegress check` may take beside the time of its checks, which run side by side.
const checkStart = 3 * time.Second

func mistakes(empty string) []laboratory.Mistake {
	return []laboratory.Mistake{
		{Name: "wrong secret", Change: map[string]any{"api_secret": "notthesecretnotthesecretnotthesecret"},
			Fails: "api_key", Found: "api_secret is not that of " + rig.APIKey, Remedy: "keys section of livekit-server"},
		{Name: "redis away", Change: map[string]any{"redis": map[string]any{"address": "127.0.0.1:1"}},
			Fails: "redis", Found: "127.0.0.1:1: connection refused", Remedy: "start redis-server, or give"},
		{Name: "wrong ws_url", Change: map[string]any{"ws_url": "ws://127.0.0.1:1"},
			Fails: "ws_url", Found: "connection refused", Remedy: "start livekit-server, or set ws_url"},
		{Name: "no ffmpeg", Env: []string{"PATH=" + empty}, Fails: "ffmpeg", Found: "ffmpeg not found", Remedy: "apt install ffmpeg"},
		{Name: "misspelt key", Change: map[string]any{"tempalte_base": "http://127.0.0.1/"},
			Fails: "config", Found: "tempalte_base: unknown key (is it template_base?)", Remedy: "correct the key"},
		{Name: "work_dir", Change: map[string]any{"work_dir": "/proc/nowhere"},
			Fails: "work_dir", Found: "/proc/nowhere cannot be written", Remedy: "set work_dir"},
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
			said, err := l.check(ctx, o, laboratory.Mistake{}, patience)
			o.Want(err == nil, "a good configuration fails: %v\n%s", err, said)
			empty, err := onlyXvfbAndPulse(l.Dir)
			if err != nil {
				return err
			}
			for _, m := range mistakes(empty) {
				said, err := l.check(ctx, o, m, patience)
				o.Add(m.Name, "%s", m.Judge(o, said, err))
			}
			return nil
		},
	}
}

// check runs the command, which may not take much longer than one of its checks and shows no secret.
func (l *lab) check(ctx context.Context, o *accept.Outcome, m laboratory.Mistake, patience time.Duration) (string, error) {
	began := time.Now()
	said, err := l.Check(ctx, m, patience)
	o.Want(time.Since(began) <= patience+checkStart, "check took %v", time.Since(began))
	secret, changed := m.Change["api_secret"].(string)
	if !changed {
		secret = rig.APISecret
	}
	o.Want(!strings.Contains(said, secret), "the secret is shown: %s", said)
	return said, err
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
