package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/publish"
)

// Options of a Rig.
type Options struct {
	Binary string         // ffegress binary; empty: no ffegress is started
	Dir    string         // an existing folder for logs, configs and work files
	Config map[string]any // added to ffegress' config
	Env    []string       // added to ffegress' environment

	ServersOnly bool // no ffegress, whatever Binary says

	// Redis starts the Redis, its logs in dir; nil = StartRedis.
	Redis func(ctx context.Context, dir string) (*Redis, error)
}

// Rig is a whole stack: Redis, livekit-server, webhook receiver, ffegress.
type Rig struct {
	Dir      string
	Redis    *Redis
	LiveKit  *LiveKit
	Webhooks *Webhooks
	Egress   *Egress // nil without a binary
	API      *API
}

// Start brings the stack up; ctx bounds the start only.
func Start(ctx context.Context, o Options) (*Rig, error) {
	r := &Rig{Dir: o.Dir}
	if err := r.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("start rig: %w", err), r.Close())
	}
	return r, nil
}

func (r *Rig) start(ctx context.Context, o Options) (err error) {
	if r.Webhooks, err = StartWebhooks(); err != nil {
		return err
	}
	if o.Redis == nil {
		o.Redis = StartRedis
	}
	if r.Redis, err = o.Redis(ctx, o.Dir); err != nil {
		return err
	}
	if r.LiveKit, err = StartLiveKit(ctx, o.Dir, r.Redis.Keys, r.Webhooks.URL); err != nil {
		return err
	}
	r.API = &API{URL: r.LiveKit.HTTP(), Key: APIKey, Secret: APISecret}
	if o.Binary == "" || o.ServersOnly {
		return nil
	}
	dir := filepath.Join(o.Dir, "egress")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	r.Egress, err = StartEgress(ctx, o.Binary, dir, r.Redis, r.LiveKit.WS(), o.Config, o.Env...)
	return err
}

// Publish puts participants into a room of the rig's server; URL, keys and
// cache folder of o are filled in.
func (r *Rig) Publish(ctx context.Context, o publish.Options) (*publish.Publisher, error) {
	o.URL, o.APIKey, o.APISecret = r.LiveKit.WS(), APIKey, APISecret
	if o.Cache.Dir == "" {
		dir, err := CacheDir()
		if err != nil {
			return nil, err
		}
		o.Cache.Dir = filepath.Join(dir, "material")
	}
	return publish.Start(ctx, o)
}

// Close stops everything, ffegress first; the error names what had to be
// killed.
func (r *Rig) Close() error {
	var errs []error
	stop := func(c *Child, patience time.Duration) {
		_, err := c.Stop(patience)
		errs = append(errs, err)
	}
	if r.Egress != nil && r.Egress.Child != nil {
		stop(r.Egress.Child, 45*time.Second)
	}
	if r.LiveKit != nil {
		r.LiveKit.Kill() // it would wait for its participants
	}
	if r.Redis != nil {
		errs = append(errs, r.Redis.Close())
	}
	if r.Webhooks != nil {
		r.Webhooks.Close()
	}
	return errors.Join(errs...)
}
