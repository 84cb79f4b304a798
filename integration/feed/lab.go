package feed

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

// patience bounds what a burdened machine may take to deliver a recording.
const patience = 90 * time.Second

// bench is a laboratory with publishers of its own.
type bench struct {
	*lab.Lab
	publishers []*publish.Publisher
	children   []*rig.Child // publishers that are processes
}

func newBench(ctx context.Context, config map[string]any) (*bench, error) {
	all := map[string]any{"browser_pool": 0}
	maps.Copy(all, config)
	l, err := lab.New(ctx, lab.Options{Name: "feed", Rig: rig.Options{Config: all}})
	return &bench{Lab: l}, err
}

func (b *bench) close() {
	for _, p := range b.publishers {
		p.Close()
	}
	for _, c := range b.children {
		c.Kill()
	}
	_ = b.Close()
}

// publish has somebody send; they are sending when it returns.
func (b *bench) publish(ctx context.Context, o publish.Options) (*publish.Publisher, error) {
	o.Room, o.Participants = b.Room, max(o.Participants, 1)
	p, err := b.Publish(ctx, o)
	if err != nil {
		return nil, err
	}
	b.publishers = append(b.publishers, p)
	return p, lab.Pause(ctx, time.Until(p.Zero())+500*time.Millisecond)
}

// record asks for a track and waits until it is being recorded.
func (b *bench) record(ctx context.Context, track, name string) (*lab.Recording, error) {
	return b.Start(ctx, func() (*livekit.EgressInfo, error) {
		return b.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: b.Room, TrackId: track, Output: &livekit.TrackEgressRequest_File{
			File: &livekit.DirectFileOutput{Filepath: filepath.Join(b.Media, name)},
		}})
	})
}

// stopped ends a recording and gives its file and how long that should be.
func stopped(ctx context.Context, r *lab.Recording) (*livekit.EgressInfo, time.Duration, error) {
	asked := time.Now()
	info, _, err := r.Stop(ctx)
	if err != nil {
		return nil, 0, err
	}
	f, err := file(info)
	if err != nil {
		return nil, 0, err
	}
	return info, asked.Sub(time.Unix(0, f.StartedAt)), nil
}

// file is that of an egress which must be complete.
func file(info *livekit.EgressInfo) (*livekit.FileInfo, error) {
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return nil, fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	if len(info.FileResults) != 1 {
		return nil, errors.New("no file result")
	}
	return info.FileResults[0], nil
}
