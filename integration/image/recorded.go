package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"
	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	length    = 12 * time.Second
	drained   = 3 * time.Second // after SIGTERM
	readyWait = 90 * time.Second
	endWait   = 45 * time.Second

	offsetP95 = 60.0 // ms
	barError  = 4.0  // steps of 8 bits
	within    = 500 * time.Millisecond
)

// recorded is line 2: the image is built and records a room.
func recorded() accept.Case {
	return accept.Case{
		ID: "image", Line: 2, Title: "the Dockerfile, built by buildah; as non-root with a read-only root it records a room into a mounted folder, and drains",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			tag, err := build(ctx)
			if err != nil {
				return err
			}
			bytes, err := size(ctx, tag)
			if err != nil {
				return err
			}
			line, err := lineOf(tag, os.TempDir(), "version")
			if err != nil {
				return err
			}
			made, err := podman(ctx, line...)
			if err != nil {
				return err
			}
			o.Add("what is in it, and its size", "%s, %d MB", strings.TrimSpace(made), bytes/1e6)
			l, err := lab.New(ctx, lab.Options{Name: "image", Participants: 3, Rig: rig.Options{ServersOnly: true}})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			b := berth{Lab: l, tag: tag}
			if b.config, err = configFor(l); err != nil {
				return err
			}
			for _, judge := range []func(context.Context, *accept.Outcome) error{b.judgeCheck, b.judgeForeign, b.judgeRoom} {
				if err := judge(ctx, o); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// berth is where containers of the image are run.
type berth struct {
	*lab.Lab
	tag    string
	config []byte
}

// configFor has keys of both generations, as the first README of LiveKit Egress shows them.
func configFor(l *lab.Lab) ([]byte, error) {
	ports, err := rig.FreePorts(1)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(map[string]any{
		"api_key": rig.APIKey, "api_secret": rig.APISecret, "ws_url": l.LiveKit.WS(), "insecure": true,
		"redis": l.Redis.Keys, "log_level": "debug", "browser_pool": 0, "template_port": ports[0],
		"cpu_cost": map[string]any{"room_composite_cpu_cost": 1, "max_cpu_utilization": 1},
	})
}

// judgeForeign mounts a folder of another user, and asks for a file in it.
func (b berth) judgeForeign(ctx context.Context, o *accept.Outcome) error {
	c, err := b.serve(ctx, "foreign", user+1)
	if err != nil {
		return err
	}
	_, err = b.API.StartRoomComposite(ctx, b.request())
	var refused *rig.APIError
	want := fmt.Sprintf("permission denied: /out belongs to uid %d (drwxr-xr-x), ffegress runs as uid %d", user+1, user)
	o.Want(errors.As(err, &refused) && refused.Code == "invalid_argument" && strings.Contains(refused.Msg, want), "a folder of uid %d: %v", user+1, err)
	o.Add("a mounted folder of another user", "%v", err)
	_, err = c.Stop(endWait)
	return err
}

// judgeCheck lets the image look at all that it has in it.
func (b berth) judgeCheck(ctx context.Context, o *accept.Outcome) error {
	dir := filepath.Join(b.Dir, "check")
	if err := mount(dir, user, b.config); err != nil {
		return err
	}
	line, err := lineOf(b.tag, dir)
	if err != nil {
		return err
	}
	text, err := podman(ctx, append(line, "check", "--timeout", "60s")...)
	o.Want(err == nil, "%v", err)
	o.Add("ffegress check", "\n```\n%s```", text)
	return nil
}

// serve runs the image on a folder of that user until it takes requests.
func (b berth) serve(ctx context.Context, name string, uid int) (*rig.Child, error) {
	out := filepath.Join(b.Dir, name)
	if err := mount(out, uid, b.config); err != nil {
		return nil, err
	}
	c, err := start(b.tag, out, out+".log")
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	if err := b.Redis.AwaitListener(waiting, "EgressInternal|StartEgress*"); err != nil {
		_, _ = c.Stop(endWait)
		return nil, fmt.Errorf("%w; the container says: %s", err, c.Tail(10))
	}
	return c, nil
}

// request is for the room in a file of the mounted folder.
func (b berth) request() *livekit.RoomCompositeEgressRequest {
	return &livekit.RoomCompositeEgressRequest{
		RoomName: b.Room, Layout: "grid", FileOutputs: []*livekit.EncodedFileOutput{{Filepath: "/out/my-recording.mp4"}},
	}
}

// judgeRoom records the room and looks at the file.
func (b berth) judgeRoom(ctx context.Context, o *accept.Outcome) error {
	c, err := b.serve(ctx, "out", user)
	if err != nil {
		return err
	}
	defer func() { _, _ = c.Stop(endWait) }()
	r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
		return b.API.StartRoomComposite(ctx, b.request())
	})
	if err != nil {
		return fmt.Errorf("%w; the container says: %s", err, c.Tail(10))
	}
	if err := lab.Pause(ctx, length); err != nil {
		return err
	}
	// What `docker stop` sends: the recording goes on.
	if err := c.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := lab.Pause(ctx, drained); err != nil {
		return err
	}
	info, _, err := r.Stop(ctx)
	if err != nil {
		return err
	}
	o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v: %s", info.Status, info.Error)
	path := filepath.Join(b.Dir, "out", "my-recording.mp4")
	file, err := os.Stat(path)
	if err != nil {
		return err
	}
	owner := file.Sys().(*syscall.Stat_t).Uid
	o.Want(owner == user, "the file belongs to uid %d", owner)
	media := time.Duration(info.FileResults[0].Duration)
	o.Want(media > length+drained-within, "it lasts %v", media)
	report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0, 1, 2}})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	o.Missed = append(o.Missed, report.Check(meter.Limits{OffsetP95: offsetP95, BarError: barError, AllowRepeats: true, AllowGaps: true})...)
	if err := meter.Sheet(ctx, path, filepath.Join(b.Dir, "sheet.png"), 5, 3, 2, 426); err != nil {
		return err
	}
	select {
	case <-c.Done():
		o.Want(c.Err() == nil, "the drained container ended with %v", c.Err())
	case <-time.After(endWait):
		o.Want(false, "the drained container does not end")
	}
	return nil
}
