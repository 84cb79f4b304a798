package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	readyWait = 30 * time.Second
	endWait   = 45 * time.Second
)

// bench is a recorder for the server, and what it records and sends to.
type bench struct {
	*lab.Lab
	config   *Config
	recorder *rig.Child
	speaker  *publish.Publisher
	pages    *page.Server
	nginx    *rig.RTMPServer
}

func newBench(ctx context.Context, c *Config, dir string) (*bench, error) {
	b := &bench{config: c, Lab: &lab.Lab{
		Rig:   &rig.Rig{Dir: dir, API: &rig.API{URL: c.http(), Key: c.APIKey, Secret: c.APISecret, Room: c.Room}},
		Media: filepath.Join(dir, "media"), Room: c.Room,
	}}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) start(ctx context.Context) (err error) {
	if b.Binary, err = rig.BuildFFegress(ctx, false); err != nil {
		return err
	}
	body, err := yaml.Marshal(b.config.service)
	if err != nil {
		return err
	}
	file := filepath.Join(b.Dir, "egress.yaml")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return err
	}
	if b.recorder, err = rig.Launch("ffegress", b.Binary, []string{"serve", "--config", file}, nil, filepath.Join(b.Dir, "ffegress.log")); err != nil {
		return err
	}
	if err := b.ready(ctx); err != nil {
		return err
	}
	cache, err := rig.CacheDir()
	if err != nil {
		return err
	}
	material := publish.Cache{Dir: filepath.Join(cache, "material")}
	b.speaker, err = publish.Start(ctx, publish.Options{
		URL: b.config.WSURL, APIKey: b.config.APIKey, APISecret: b.config.APISecret, Room: b.Room, Name: "ffegress-test-", Participants: 1, Cache: material,
	})
	if err != nil {
		return err
	}
	if b.pages, err = page.Start(ctx, material, publish.Size{Width: 640, Height: 360}); err != nil {
		return err
	}
	nginx := filepath.Join(b.Dir, "nginx")
	if err := os.MkdirAll(nginx, 0o755); err != nil {
		return err
	}
	b.nginx, err = rig.StartRTMPServer(ctx, nginx)
	return err
}

// ready waits until the recorder serves.
func (b *bench) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	for {
		if n, err := b.recorder.Said("service ready"); err != nil || n > 0 {
			return err
		}
		select {
		case <-b.recorder.Done():
			return fmt.Errorf("ffegress has ended: %s", b.recorder.Tail(3))
		default:
		}
		if err := lab.Pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("ffegress is not ready within %v: %s", readyWait, b.recorder.Tail(3))
		}
	}
}

func (b *bench) close() (err error) {
	if b.recorder != nil {
		_, err = b.recorder.Stop(endWait)
	}
	if b.speaker != nil {
		b.speaker.Close()
	}
	if b.pages != nil {
		b.pages.Close()
	}
	if b.nginx != nil {
		b.nginx.Close()
	}
	return err
}
