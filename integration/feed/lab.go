package feed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	// room is where everything happens.
	room = "feed"
	// patience bounds what a burdened machine may take to get a recording going or to deliver it.
	patience = 90 * time.Second
)

// lab is the servers, the recorder and publishers, for one case.
type lab struct {
	*rig.Rig
	binary     string
	media      string // where recordings go
	publishers []*publish.Publisher
}

func newLab(ctx context.Context, config map[string]any) (*lab, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	binary, err := rig.BuildFFegress(ctx, false)
	if err != nil {
		return nil, err
	}
	scratch := filepath.Join(cache, "feed")
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(scratch, "lab-*")
	if err != nil {
		return nil, err
	}
	l := &lab{binary: binary, media: filepath.Join(dir, "media")}
	all := map[string]any{"browser_pool": 0}
	for k, v := range config {
		all[k] = v
	}
	l.Rig, err = rig.Start(ctx, rig.Options{Binary: binary, Dir: dir, Config: all})
	return l, err
}

func (l *lab) close() error {
	for _, p := range l.publishers {
		p.Close()
	}
	return l.Rig.Close()
}

// publish has somebody send; they are sending when it returns.
func (l *lab) publish(ctx context.Context, o publish.Options) (*publish.Publisher, error) {
	o.Room, o.Participants = room, max(o.Participants, 1)
	p, err := l.Publish(ctx, o)
	if err != nil {
		return nil, err
	}
	l.publishers = append(l.publishers, p)
	return p, pause(ctx, time.Until(p.Zero())+500*time.Millisecond)
}

// track is a request for one track.
func (l *lab) track(id, name string) *livekit.TrackEgressRequest {
	return &livekit.TrackEgressRequest{RoomName: room, TrackId: id, Output: &livekit.TrackEgressRequest_File{
		File: &livekit.DirectFileOutput{Filepath: filepath.Join(l.media, name)},
	}}
}

// start asks for a track and waits until it is being recorded.
func (l *lab) start(ctx context.Context, req *livekit.TrackEgressRequest) (*livekit.EgressInfo, error) {
	info, err := l.API.StartTrack(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("start track egress: %w", err)
	}
	return l.active(ctx, info.EgressId)
}

// active waits until an egress records.
func (l *lab) active(ctx context.Context, id string) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info, err := l.API.WaitEgress(ctx, id, func(i *livekit.EgressInfo) bool {
		return i.Status >= livekit.EgressStatus_EGRESS_ACTIVE
	})
	if err == nil && info.Status != livekit.EgressStatus_EGRESS_ACTIVE {
		err = fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	return info, err
}

// end waits for the terminal info, which must be COMPLETE.
func (l *lab) end(ctx context.Context, id string) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info, err := l.API.WaitEgress(ctx, id, rig.Terminal)
	if err == nil && info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		err = fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	return info, err
}

// stop ends an egress and gives its terminal info and how long the recording should be.
func (l *lab) stop(ctx context.Context, id string) (info *livekit.EgressInfo, wall time.Duration, err error) {
	asked := time.Now()
	if _, err := l.API.Stop(ctx, id); err != nil {
		return nil, 0, fmt.Errorf("stop egress: %w", err)
	}
	if info, err = l.end(ctx, id); err != nil {
		return nil, 0, err
	}
	if len(info.FileResults) != 1 {
		return nil, 0, errors.New("no file result")
	}
	return info, asked.Sub(time.Unix(0, info.FileResults[0].StartedAt)), nil
}

// pause lets things run; it is not a wait for something to happen.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
