package matrix

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
)

// Sources and outputs.
const (
	room           = "room"
	web            = "web"
	trackComposite = "track_composite"
	track          = "track"

	file     = "file"
	stream   = "stream"
	segments = "segments"
)

// muted is how long sound and picture are muted.
const muted = 3 * time.Second

// Run records everything that the configuration does not exclude, each for a while, with all files in dir. It tells each
// outcome.
func Run(ctx context.Context, c *Config, dir string, length time.Duration, tell func(name string, o accept.Outcome)) (held bool, err error) {
	b, err := newBench(ctx, c, dir)
	if err != nil {
		return false, err
	}
	defer func() { _ = b.close() }()
	held = true
	for _, from := range c.sources() {
		for _, to := range c.outputs() {
			if from == track && to != file {
				continue // a track is recorded as it comes
			}
			var o accept.Outcome
			if err := b.one(ctx, &o, from, to, length); err != nil {
				if ctx.Err() != nil {
					return false, ctx.Err()
				}
				o.Want(false, "%v", err)
			}
			o.Held = len(o.Missed) == 0
			held = held && o.Held
			tell(from+" to "+to, o)
		}
	}
	return held, nil
}

// one records once.
func (b *bench) one(ctx context.Context, o *accept.Outcome, from, to string, length time.Duration) error {
	name := from + "-" + to
	r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) { return b.ask(ctx, from, to, name) })
	if err != nil {
		return err
	}
	if err := b.play(ctx, length); err != nil {
		return err
	}
	asked := time.Now()
	info, _, err := r.Stop(ctx)
	if err != nil {
		return err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	return b.judge(ctx, o, info, from, to, name, asked)
}

// play lets it record; both tracks are muted in the middle if that is wanted.
func (b *bench) play(ctx context.Context, length time.Duration) error {
	if !b.config.Muting {
		return lab.Pause(ctx, length)
	}
	mute := func(on bool) error {
		for i := range b.speaker.Tracks(0) {
			if err := b.speaker.Mute(0, i, on); err != nil {
				return err
			}
		}
		return nil
	}
	for _, step := range []struct {
		wait time.Duration
		on   bool
	}{{length / 2, true}, {muted, false}} {
		if err := lab.Pause(ctx, step.wait); err != nil {
			return err
		}
		if err := mute(step.on); err != nil {
			return err
		}
	}
	return lab.Pause(ctx, length/2)
}

// ask makes the request.
func (b *bench) ask(ctx context.Context, from, to, name string) (*livekit.EgressInfo, error) {
	var files []*livekit.EncodedFileOutput
	var streams []*livekit.StreamOutput
	var lists []*livekit.SegmentedFileOutput
	switch path := filepath.Join(b.Media, name); to {
	case file:
		files = []*livekit.EncodedFileOutput{{Filepath: path}}
	case stream:
		streams = []*livekit.StreamOutput{{Protocol: livekit.StreamProtocol_RTMP, Urls: []string{b.nginx.URL("live", name)}}}
	case segments:
		lists = []*livekit.SegmentedFileOutput{{FilenamePrefix: path, PlaylistName: path + ".m3u8", SegmentDuration: 2}}
	}
	ids := b.speaker.Tracks(0) // sound, picture
	switch from {
	case room:
		return b.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
			RoomName: b.Room, Layout: "grid", FileOutputs: files, StreamOutputs: streams, SegmentOutputs: lists,
		})
	case web:
		return b.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: b.pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true, FileOutputs: files, StreamOutputs: streams, SegmentOutputs: lists,
		})
	case trackComposite:
		return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
			RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1], FileOutputs: files, StreamOutputs: streams, SegmentOutputs: lists,
		})
	}
	return b.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: b.Room, TrackId: ids[1], Output: &livekit.TrackEgressRequest_File{
		File: &livekit.DirectFileOutput{Filepath: filepath.Join(b.Media, name)},
	}})
}
