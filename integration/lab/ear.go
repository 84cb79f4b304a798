package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// Ear hears all that a recorder tells.
type Ear struct {
	Heard map[string]string // by where

	lab   *Lab
	paths map[string]string // of the recorder's ports, by what is there
}

// Ear listens at the recorder's ports: its own for health, prometheus_port and debug_handler_port.
func (l *Lab) Ear(metrics, debug int) *Ear {
	at := func(port int, path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", port, path) }
	return &Ear{Heard: map[string]string{}, lab: l, paths: map[string]string{
		"health": at(l.Egress.HealthPort, "/"), "metrics": at(metrics, "/"), "state": at(debug, "/state"),
	}}
}

// Listen hears for so long what the recorder says of itself at its ports, and how its children were called.
func (e *Ear) Listen(ctx context.Context, length time.Duration) error {
	for end := time.Now().Add(length); time.Now().Before(end); {
		for where, url := range e.paths {
			_, body, err := Get(ctx, url)
			if err != nil {
				return err
			}
			e.Heard[where] += body
		}
		children, err := rig.Descendants(e.lab.Egress.PID)
		if err != nil {
			return err
		}
		for _, c := range children {
			e.Heard["argv"] += strings.Join(c.Args, " ") + "\n"
		}
		if err := Pause(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Tell hears what is told of an egress.
func (e *Ear) Tell(info *livekit.EgressInfo) error {
	text, err := protojson.Marshal(info)
	e.Heard["EgressInfo"] += string(text)
	for _, h := range e.lab.Webhooks.Egress(info.EgressId) {
		e.Heard["webhooks"] += h.Event.String()
	}
	return err
}

// Judge reads the recorder's log, too, and wants no secret in anything that was heard; they are by what they are of.
func (e *Ear) Judge(o *accept.Outcome, secrets map[string]string) error {
	log, err := os.ReadFile(e.lab.Egress.LogPath)
	if err != nil {
		return err
	}
	e.Heard["log"] = string(log)
	for where, text := range e.Heard {
		o.Add("looked through, "+where, "%d bytes", len(text))
		o.Want(text != "", "nothing of %s was heard", where)
		for what, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				o.Want(false, "%s: the %s: …%.160q", where, what, text[max(0, at-80):])
			}
		}
	}
	return nil
}

// Get reads a page of the loopback.
func Get(ctx context.Context, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}
