package debts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const bucket = "recordings"

// dock is a lab with a store and a page to record.
type dock struct {
	*lab.Lab
	store *objects.Server
	pages *page.Server
	dir   string // of the store's objects
}

// newDock starts everything; the recorder uploads to the store unless a request says otherwise.
func newDock(ctx context.Context) (*dock, error) {
	return startDock(ctx, func(store *objects.Server, _ string) lab.Options {
		return withConfig(map[string]any{"browser_pool": 0, "storage": map[string]any{"s3": s3Config(store)}})
	})
}

// newDockWithout has a recorder without a configured store.
func newDockWithout(ctx context.Context) (*dock, error) {
	return startDock(ctx, func(*objects.Server, string) lab.Options { return withConfig(map[string]any{"browser_pool": 0}) })
}

func withConfig(config map[string]any) lab.Options {
	return lab.Options{Rig: rig.Options{Config: config}}
}

// startDock has the options that are made for its store and its folder.
func startDock(ctx context.Context, options func(store *objects.Server, dir string) lab.Options) (*dock, error) {
	dir, err := os.MkdirTemp("", "dock-*")
	if err != nil {
		return nil, err
	}
	store, err := objects.Start(dir, bucket)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	d := &dock{store: store, dir: dir}
	o := options(store, dir)
	o.Name = "debts"
	d.Lab, err = lab.New(ctx, o)
	if err == nil {
		d.pages, err = lab.ServePages(ctx, publish.Size{Width: 320, Height: 180})
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func s3Config(store *objects.Server) map[string]any {
	return map[string]any{
		"access_key": "AKIDOFTHERIG", "secret": "secretoftherig", "bucket": bucket, "endpoint": store.URL(), "region": "us-east-1",
		"max_retries": 1,
	}
}

func (d *dock) close() error {
	if d.pages != nil {
		d.pages.Close()
	}
	var err error
	if d.Lab != nil {
		err = d.Lab.Close()
	}
	d.store.Close()
	return errors.Join(err, os.RemoveAll(d.dir))
}

// record begins a Web egress into a file of that name.
func (d *dock) record(ctx context.Context, name string) (*lab.Recording, error) {
	return d.Start(ctx, func() (*livekit.EgressInfo, error) {
		return d.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: d.pages.URL, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: name}},
		})
	})
}

// ends counts the terminal webhooks of an egress.
func (d *dock) ends(id string) (n int) {
	for _, h := range d.Webhooks.Egress(id) {
		if h.Event.Event == "egress_ended" {
			n++
		}
	}
	return n
}

// seconds decodes a file whole and tells its length.
func seconds(ctx context.Context, path string) (float64, error) {
	if err := decodes(ctx, path); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path).Output()
	if err != nil {
		return 0, fmt.Errorf("probe %s: %w", filepath.Base(path), err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// decodes tells what a decoder has to say against a file.
func decodes(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-").CombinedOutput()
	if err != nil || len(out) > 0 {
		return fmt.Errorf("decode %s: %v: %s", filepath.Base(path), err, out)
	}
	return nil
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
