package rig

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// Egress is a running `ffegress serve`.
type Egress struct {
	*Child
	Dir          string // its own folder
	Config       string // config file
	WorkDir      string // work_dir
	Temp         string // its TMPDIR
	TemplatePort int
	HealthPort   int
	redis        *Redis
}

// StartEgress runs the binary with a config that names the given servers;
// extra overrides config keys (nil removes one). It returns when the service
// listens for StartEgress on Redis.
func StartEgress(ctx context.Context, binary, dir string, r *Redis, ws string, extra map[string]any, env ...string) (*Egress, error) {
	ports, err := FreePorts(2)
	if err != nil {
		return nil, err
	}
	e := &Egress{
		Dir: dir, Config: filepath.Join(dir, "egress.yaml"),
		WorkDir: filepath.Join(dir, "work"), Temp: filepath.Join(dir, "tmp"),
		TemplatePort: ports[0], HealthPort: ports[1], redis: r,
	}
	for _, d := range []string{e.WorkDir, e.Temp} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	config := map[string]any{
		"api_key": APIKey, "api_secret": APISecret, "ws_url": ws,
		"redis":         r.Keys,
		"template_port": e.TemplatePort, "health_port": e.HealthPort,
		"work_dir": e.WorkDir,
		"cpu_cost": free(), // what is recorded at once is the case's to say
		"logging":  map[string]any{"level": "debug"},
	}
	maps.Copy(config, extra)
	maps.DeleteFunc(config, func(_ string, v any) bool { return v == nil })
	body, err := yaml.Marshal(config)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(e.Config, body, 0o600); err != nil {
		return nil, err
	}
	return e, e.Restart(ctx, binary, env...)
}

// free are costs at which every request is admitted.
func free() map[string]any {
	costs := map[string]any{"max_cpu_utilization": 1}
	for _, kind := range []string{
		"room_composite", "audio_room_composite", "sdk_audio_room_composite", "web", "audio_web", "participant", "track_composite", "track",
	} {
		costs[kind+"_cpu_cost"] = 0
	}
	return costs
}

// Restart launches the binary again on the same config, after the old
// process has ended (or for the first time).
func (e *Egress) Restart(ctx context.Context, binary string, env ...string) error {
	env = append([]string{"TMPDIR=" + e.Temp}, env...)
	c, err := Launch("ffegress", binary, []string{"serve", "--config", e.Config}, env, e.nextLog())
	if err != nil {
		return err
	}
	e.Child = c
	r, err := e.redis.Client()
	if err != nil {
		c.Kill()
		return err
	}
	defer r.Close()
	err = c.waitFor(ctx, "subscription to StartEgress", func() bool {
		return subscribed(ctx, r, "EgressInternal|StartEgress*")
	})
	if err != nil {
		c.Kill()
	}
	return err
}

func (e *Egress) nextLog() string {
	for n := 0; ; n++ {
		path := filepath.Join(e.Dir, fmt.Sprintf("egress.%d.log", n))
		if _, err := os.Stat(path); err != nil {
			return path
		}
	}
}
