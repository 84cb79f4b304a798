package rig

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"
)

// Keys of every rig's livekit-server.
const (
	APIKey    = "rigkey"
	APISecret = "rigsecretrigsecretrigsecretrigsecret"
)

// LiveKit is a running livekit-server.
type LiveKit struct {
	*Child
	Port int
}

// WS is the URL that clients join at.
func (l *LiveKit) WS() string { return fmt.Sprintf("ws://127.0.0.1:%d", l.Port) }

// HTTP is the URL of the API.
func (l *LiveKit) HTTP() string { return fmt.Sprintf("http://127.0.0.1:%d", l.Port) }

// StartLiveKit starts livekit-server (environment variable LIVEKIT_SERVER,
// .cache/bin or PATH) with a Redis of the keys given, sending webhooks to
// webhook unless that is empty. Its media goes over 127.0.0.1 only.
func StartLiveKit(ctx context.Context, dir string, redis map[string]any, webhook string) (*LiveKit, error) {
	return StartLiveKitOn(ctx, dir, 0, redis, webhook)
}

// StartLiveKitOn is StartLiveKit with the API's port chosen by the caller; 0
// takes any free one.
func StartLiveKitOn(ctx context.Context, dir string, port int, redis map[string]any, webhook string) (*LiveKit, error) {
	path, err := program("LIVEKIT_SERVER", "livekit-server")
	if err != nil {
		return nil, err
	}
	ports, err := FreePorts(3)
	if err != nil {
		return nil, err
	}
	if port != 0 {
		ports[0] = port
	}
	config := liveKitConfig(ports, redis, webhook)
	body, err := yaml.Marshal(config)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "livekit.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return nil, err
	}
	c, err := Launch("livekit-server", path, []string{"--config", file}, nil, filepath.Join(dir, "livekit.log"))
	if err != nil {
		return nil, err
	}
	l := &LiveKit{c, ports[0]}
	if err := c.waitFor(ctx, "answer", func() bool { return answers(ctx, l.HTTP()) }); err != nil {
		c.Kill()
		return nil, err
	}
	return l, nil
}

func liveKitConfig(ports []int, redis map[string]any, webhook string) map[string]any {
	config := map[string]any{
		"port":           ports[0],
		"bind_addresses": []string{"127.0.0.1"},
		"redis":          redis,
		"keys":           map[string]string{APIKey: APISecret},
		"logging":        map[string]any{"level": "info", "pion_level": "error"},
		"rtc": map[string]any{
			"tcp_port":                  ports[1],
			"udp_port":                  ports[2],
			"use_external_ip":           false,
			"node_ip":                   "127.0.0.1",
			"enable_loopback_candidate": true,
			// Without any, clients are told to use public ones.
			"stun_servers": []string{"127.0.0.1:3478"},
			"ips":          map[string]any{"includes": []string{"127.0.0.1/32"}},
		},
	}
	if webhook != "" {
		config["webhook"] = map[string]any{"api_key": APIKey, "urls": []string{webhook}}
	}
	return config
}

func answers(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}
