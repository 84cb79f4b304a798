package spine

import (
	"context"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	laboratory "github.com/ffegress/ffegress/integration/lab"
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

// lab is a laboratory with the names that this package uses.
type lab struct {
	*laboratory.Lab
	binary string
	media  string // where recordings go
	room   string
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
	all, err := laboratory.New(ctx, laboratory.Options{Name: "spine", Participants: participants, Rig: options})
	if err != nil {
		return nil, err
	}
	return &lab{Lab: all, binary: all.Binary, media: all.Media, room: all.Room}, nil
}

// cameras has participants publish. When they answer, a recorder that asks for a keyframe has one soon, as from a camera;
// the material for that takes a minute to make. Otherwise it waits for the next, half a second at most.
func (l *lab) cameras(ctx context.Context, participants int, answer bool) (err error) {
	l.Publisher, err = l.Publish(ctx, publish.Options{Room: l.room, Participants: participants, Answer: answer})
	if err != nil {
		return err
	}
	return pause(ctx, settle)
}

func (l *lab) close() error { return l.Close() }

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
	r, err := l.Start(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &recording{lab: l, info: r.Info, active: r.Active}, nil
}

// stop ends the egress and returns its terminal info and how long that took.
func (r *recording) stop(ctx context.Context) (*livekit.EgressInfo, time.Duration, error) {
	return r.running().Stop(ctx)
}

// end waits for the terminal info.
func (r *recording) end(ctx context.Context) (*livekit.EgressInfo, error) {
	return r.running().End(ctx)
}

func (r *recording) running() *laboratory.Recording {
	return &laboratory.Recording{Lab: r.lab.Lab, Info: r.info}
}

// servePages serves the test pages of Web egress.
func servePages(ctx context.Context, size publish.Size) (*page.Server, error) {
	return laboratory.ServePages(ctx, size)
}

func pause(ctx context.Context, d time.Duration) error { return laboratory.Pause(ctx, d) }
