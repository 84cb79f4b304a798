package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// settle is how long publishers run before anything is judged.
const settle = 5 * time.Second

// Lab is the servers, the recorder and a room with participants, for one case.
type Lab struct {
	*rig.Rig
	Binary    string
	Media     string // where recordings go
	Room      string
	Publisher *publish.Publisher // nil without participants
}

// Options say what there is in a lab.
type Options struct {
	Name         string // of the room, and of the folder in the cache
	Participants int
	// Wrap makes what is run in the recorder's place, in the lab's folder; nil = the recorder itself.
	Wrap func(binary, dir string) (string, error)
	Rig  rig.Options // without a config no browsers are kept waiting: what they cost and leave is not the case's
}

// New builds the recorder and starts everything. With participants it returns once they have been publishing for a
// while.
func New(ctx context.Context, o Options) (*Lab, error) {
	if o.Rig.Config == nil {
		o.Rig.Config = map[string]any{"browser_pool": 0}
	}
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	binary, err := rig.BuildFFegress(ctx, false)
	if err != nil {
		return nil, err
	}
	scratch := filepath.Join(cache, o.Name)
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(scratch, "lab-*")
	if err != nil {
		return nil, err
	}
	if o.Wrap != nil {
		if binary, err = o.Wrap(binary, dir); err != nil {
			return nil, err
		}
	}
	l := &Lab{Binary: binary, Media: filepath.Join(dir, "media"), Room: o.Name}
	o.Rig.Binary, o.Rig.Dir = binary, dir
	if l.Rig, err = rig.Start(ctx, o.Rig); err != nil {
		return nil, err
	}
	if o.Participants == 0 {
		_, err = l.API.CreateRoom(ctx, l.Room)
	} else {
		l.Publisher, err = l.Publish(ctx, publish.Options{Room: l.Room, Participants: o.Participants})
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if o.Participants > 0 {
		err = Pause(ctx, settle)
	}
	return l, err
}

// Close stops everything.
func (l *Lab) Close() error {
	if l.Publisher != nil {
		l.Publisher.Close()
	}
	return l.Rig.Close()
}

// ServePages serves the test pages of Web egress.
func ServePages(ctx context.Context, size publish.Size) (*page.Server, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	return page.Start(ctx, publish.Cache{Dir: filepath.Join(cache, "material")}, size)
}

// Pause lets a recording run; it is not a wait for something to happen.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
