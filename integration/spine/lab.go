package spine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// startWait and endWait bound what an idle or a burdened machine may take to get a recording going and
// to deliver it.
const (
	startWait = 60 * time.Second
	endWait   = 90 * time.Second
	settle    = 5 * time.Second // publishers run this long before anything is judged
)

// lab is the servers, the recorder and a room with participants, for one case.
type lab struct {
	*rig.Rig
	binary    string
	media     string // where recordings go
	room      string
	publisher *publish.Publisher
}

// newLab starts everything, with a recorder that keeps no browsers waiting: what they cost and leave is
// not the case's. With participants it returns once they have been publishing for a while.
func newLab(ctx context.Context, participants int) (*lab, error) {
	return newLabOn(ctx, participants, rig.Options{})
}

// newLabWith has config keys of the recorder's added.
func newLabWith(ctx context.Context, participants int, config map[string]any) (*lab, error) {
	return newLabOn(ctx, participants, rig.Options{Config: config})
}

// newLabOn starts servers of the options' choosing; without a config there are no browsers kept waiting.
func newLabOn(ctx context.Context, participants int, options rig.Options) (*lab, error) {
	if options.Config == nil {
		options.Config = map[string]any{"browser_pool": 0}
	}
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	binary, err := rig.BuildFFegress(ctx, false)
	if err != nil {
		return nil, err
	}
	scratch := filepath.Join(cache, "spine")
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(scratch, "lab-*")
	if err != nil {
		return nil, err
	}
	l := &lab{binary: binary, media: filepath.Join(dir, "media"), room: "spine"}
	options.Binary, options.Dir = binary, dir
	if l.Rig, err = rig.Start(ctx, options); err != nil {
		return nil, err
	}
	if participants == 0 {
		_, err = l.API.CreateRoom(ctx, l.room)
	} else {
		l.publisher, err = l.Publish(ctx, publish.Options{Room: l.room, Participants: participants})
	}
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	if participants > 0 {
		err = pause(ctx, settle)
	}
	return l, err
}

// cameras has participants publish. When they answer, a recorder that asks for a keyframe has one soon, as from a camera;
// the material for that takes a minute to make. Otherwise it waits for the next, half a second at most.
func (l *lab) cameras(ctx context.Context, participants int, answer bool) (err error) {
	l.publisher, err = l.Publish(ctx, publish.Options{Room: l.room, Participants: participants, Answer: answer})
	if err != nil {
		return err
	}
	return pause(ctx, settle)
}

// close stops everything; the media stays until the next run of the same case is cleared away.
func (l *lab) close() error {
	if l.publisher != nil {
		l.publisher.Close()
	}
	return l.Rig.Close()
}

// roomRequest is a RoomComposite request for the lab's room into a file of the name given.
func (l *lab) roomRequest(name, layout string) *livekit.RoomCompositeEgressRequest {
	return &livekit.RoomCompositeEgressRequest{
		RoomName: l.room, Layout: layout, FileOutputs: l.file(name),
	}
}

func (l *lab) file(name string) []*livekit.EncodedFileOutput {
	return []*livekit.EncodedFileOutput{{Filepath: filepath.Join(l.media, name)}}
}

// outputs is file for a v2 request.
func (l *lab) outputs(name string) []*livekit.Output {
	return []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: filepath.Join(l.media, name)}}}}
}

// recording is one egress that runs.
type recording struct {
	lab    *lab
	info   *livekit.EgressInfo
	active time.Time // when it was seen to be active
}

// start asks for the egress and waits until it is active.
func (l *lab) start(ctx context.Context, ask func() (*livekit.EgressInfo, error)) (*recording, error) {
	info, err := ask()
	if err != nil {
		return nil, fmt.Errorf("start egress: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	info, err = l.API.WaitEgress(ctx, info.EgressId, func(i *livekit.EgressInfo) bool {
		return i.Status >= livekit.EgressStatus_EGRESS_ACTIVE
	})
	if err != nil {
		return nil, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_ACTIVE {
		return nil, fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	return &recording{lab: l, info: info, active: time.Now()}, nil
}

// stop ends the egress and returns its terminal info and how long that took.
func (r *recording) stop(ctx context.Context) (*livekit.EgressInfo, time.Duration, error) {
	asked := time.Now()
	if _, err := r.lab.API.Stop(ctx, r.info.EgressId); err != nil {
		return nil, 0, fmt.Errorf("stop egress: %w", err)
	}
	info, err := r.end(ctx)
	return info, time.Since(asked), err
}

// end waits for the terminal info.
func (r *recording) end(ctx context.Context) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, endWait)
	defer cancel()
	return r.lab.API.WaitEgress(ctx, r.info.EgressId, rig.Terminal)
}

// servePages serves the test pages of Web egress.
func servePages(ctx context.Context, size publish.Size) (*page.Server, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	return page.Start(ctx, publish.Cache{Dir: filepath.Join(cache, "material")}, size)
}

// pause lets the recording run; it is not a wait for something to happen.
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
