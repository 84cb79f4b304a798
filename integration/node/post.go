package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// post is a lab with somebody who speaks, and a recorder with all its ports open.
type post struct {
	*lab.Lab
	config         map[string]any
	env            []string
	speaker        *publish.Publisher
	metrics, debug int // ports of the recorder
	others         []*rig.Egress
}

func newPost(ctx context.Context, config map[string]any, env ...string) (*post, error) {
	ports, err := rig.FreePorts(2)
	if err != nil {
		return nil, err
	}
	p := &post{config: map[string]any{"browser_pool": 0}, env: env, metrics: ports[0], debug: ports[1]}
	maps.Copy(p.config, config)
	first := maps.Clone(p.config)
	first["prometheus_port"], first["debug_handler_port"] = p.metrics, p.debug
	if p.Lab, err = lab.New(ctx, lab.Options{Name: "node", Rig: rig.Options{Config: first, Env: env}}); err != nil {
		return nil, err
	}
	p.speaker, err = p.Publish(ctx, publish.Options{Room: p.Room, Participants: 1, AudioOnly: true})
	if err == nil {
		err = lab.Pause(ctx, time.Until(p.speaker.Zero())+500*time.Millisecond)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// another starts one more recorder with the same configuration.
func (p *post) another(ctx context.Context) (*rig.Egress, error) {
	dir := filepath.Join(p.Dir, fmt.Sprintf("egress-%d", len(p.others)+2))
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	e, err := rig.StartEgress(ctx, p.Binary, dir, p.Redis, p.LiveKit.WS(), p.config, p.env...)
	if err != nil {
		return nil, err
	}
	p.others = append(p.others, e)
	// Another one listens already: its own log tells.
	return e, until(ctx, "the other recorder", 30*time.Second, func() bool { n, err := e.Said("service ready"); return err == nil && n > 0 })
}

func (p *post) close() error {
	var errs []error
	for _, e := range p.others {
		_, err := e.Stop(45 * time.Second)
		errs = append(errs, err)
	}
	if p.speaker != nil {
		p.speaker.Close()
	}
	if p.Lab != nil {
		errs = append(errs, p.Lab.Close())
	}
	return errors.Join(errs...)
}

// ask asks for the speaker's track in a file of that name.
func (p *post) ask(ctx context.Context, name string) (*livekit.EgressInfo, error) {
	return p.API.StartTrack(ctx, &livekit.TrackEgressRequest{
		RoomName: p.Room, TrackId: p.speaker.Tracks(0)[0],
		Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: filepath.Join(p.Media, name)}},
	})
}

// record asks for the track and waits until it is being recorded.
func (p *post) record(ctx context.Context, name string) (*lab.Recording, error) {
	return p.Start(ctx, func() (*livekit.EgressInfo, error) { return p.ask(ctx, name) })
}

// whole ends a recording, which must be complete, and gives by how much its file is shorter than it was recorded.
func whole(ctx context.Context, r *lab.Recording) (*livekit.EgressInfo, time.Duration, error) {
	asked := time.Now()
	info, _, err := r.Stop(ctx)
	if err != nil {
		return nil, 0, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE || len(info.FileResults) != 1 {
		return nil, 0, fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	f := info.FileResults[0]
	return info, asked.Sub(time.Unix(0, f.StartedAt)) - time.Duration(f.Duration), nil
}

// get reads a page of a port of the loopback.
func get(ctx context.Context, port int, path string) (status int, body string, err error) {
	return lab.Get(ctx, fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
}

// until polls for what has no event of its own.
func until(ctx context.Context, what string, wait time.Duration, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for !is() {
		if err := lab.Pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("%s: not in %v", what, wait)
		}
	}
	return nil
}
