package debts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/rig"
	"github.com/ffegress/ffegress/uploads"
)

// memoryAtMost is what a large upload may add to an idle process.
const memoryAtMost = 64 << 20

// target is the store as a debt has it.
func target(store *objects.Server) uploads.Target {
	return uploads.Target{S3: &uploads.S3Target{
		AccessKey: "AKIDOFTHERIG", Secret: "secretoftherig", Bucket: bucket, Endpoint: store.URL(), Region: "us-east-1",
	}}
}

// large uploads a sparse file by `ffegress uploads retry` and watches that process' memory.
func large(size int64) accept.Case {
	return accept.Case{
		ID: "large", Line: 1, Title: fmt.Sprintf("a sparse file of %.1f GB", float64(size)/1e9),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "large-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			store, err := objects.Start(filepath.Join(dir, "store"), bucket)
			if err != nil {
				return err
			}
			defer store.Close()
			return uploadLarge(ctx, o, dir, store, size)
		},
	}
}

func uploadLarge(ctx context.Context, o *accept.Outcome, dir string, store *objects.Server, size int64) error {
	work := filepath.Join(dir, "work")
	home := filepath.Join(work, "EG_large")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(home, "recording.mp4"))
	if err != nil {
		return err
	}
	// Something to tell the ends and the middle by.
	for _, at := range []int64{0, size / 2, size - 5} {
		_, writeErr := f.WriteAt([]byte("bytes"), at)
		err = errors.Join(err, writeErr)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	sealer, err := uploads.NewSealer(rig.APISecret, work)
	if err != nil {
		return err
	}
	_, err = uploads.NewQueue(uploads.Options{Sealer: sealer}).Add(home, uploads.Debt{
		ID: "file", Egress: "EG_large", Name: "large.mp4", Key: "large.mp4", Target: target(store),
	}, f.Name())
	if err != nil {
		return err
	}
	config, err := yaml.Marshal(map[string]any{"api_key": rig.APIKey, "api_secret": rig.APISecret, "work_dir": work})
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "egress.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return err
	}
	binary, err := rig.BuildFFegress(ctx, false)
	if err != nil {
		return err
	}
	begun := time.Now()
	cmd := exec.CommandContext(ctx, binary, "uploads", "retry", "--config", file, "--timeout", "1h")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	idle, peak := int64(0), int64(0)
	watch := make(chan struct{})
	go func() {
		defer close(watch)
		for {
			now := resident(cmd.Process.Pid)
			if now == 0 {
				return
			}
			if store.Requests() == nil {
				idle = max(idle, now)
			}
			peak = max(peak, now)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	said, readErr := io.ReadAll(out)
	err = errors.Join(readErr, cmd.Wait())
	<-watch
	if err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	took := time.Since(begun)
	object, err := store.Object(bucket, "large.mp4")
	if err != nil {
		return err
	}
	o.Want(object.Size == size, "the object has %d bytes", object.Size)
	o.Add("upload", "%.1f s, %.0f MB/s", took.Seconds(), float64(size)/1e6/took.Seconds())
	o.Add("memory (RSS) idle, peak, difference", "%.0f MB, %.0f MB, %.0f MB", mb(idle), mb(peak), mb(peak-idle))
	o.Want(peak-idle < memoryAtMost, "the upload took %.0f MB above idle", mb(peak-idle))
	return nil
}

func mb(n int64) float64 { return float64(n) / (1 << 20) }

// resident is a process' memory in bytes, 0 when it is gone.
func resident(pid int) int64 {
	body, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(body)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}

// many puts small objects, several at once.
func many(n int) accept.Case {
	return accept.Case{
		ID: "many", Line: 1, Title: fmt.Sprintf("%d small objects", n),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "many-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			server, err := objects.Start(filepath.Join(dir, "store"), bucket)
			if err != nil {
				return err
			}
			defer server.Close()
			store, err := uploads.Open(ctx, target(server), slog.New(slog.DiscardHandler))
			if err != nil {
				return err
			}
			defer store.Close()
			file := filepath.Join(dir, "image.jpeg")
			if err := os.WriteFile(file, make([]byte, 20_000), 0o600); err != nil {
				return err
			}
			begun := time.Now()
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(8)
			for i := range n {
				group.Go(func() error {
					return store.Put(ctx, uploads.Object{Key: fmt.Sprintf("many/%05d.jpeg", i), File: file, ContentType: "image/jpeg"})
				})
			}
			if err := group.Wait(); err != nil {
				return err
			}
			took := time.Since(begun)
			keys, err := server.Keys(bucket)
			if err != nil {
				return err
			}
			o.Want(len(keys) == n, "%d objects of %d", len(keys), n)
			o.Add("objects per second", "%.0f", float64(n)/took.Seconds())
			return nil
		},
	}
}
