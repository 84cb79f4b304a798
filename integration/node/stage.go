package node

import (
	"context"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// stage is a post with all that egresses of every kind need: a camera, a page, an RTMP server.
type stage struct {
	*post
	camera *publish.Publisher
	pages  *page.Server
	nginx  *rig.RTMPServer
}

func newStage(ctx context.Context) (*stage, error) {
	p, err := newPost(ctx, nil)
	if err != nil {
		return nil, err
	}
	s := &stage{post: p}
	small := publish.Size{Width: 320, Height: 180}
	if s.camera, err = p.Publish(ctx, publish.Options{Room: p.Room, Name: "camera", Participants: 1, Sizes: []publish.Size{small}}); err == nil {
		s.pages, err = lab.ServePages(ctx, small)
	}
	if err == nil {
		dir := filepath.Join(p.Dir, "nginx")
		if err = makeDir(dir); err == nil {
			s.nginx, err = rig.StartRTMPServer(ctx, dir)
		}
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) close() {
	if s.nginx != nil {
		s.nginx.Close()
	}
	if s.pages != nil {
		s.pages.Close()
	}
	if s.camera != nil {
		s.camera.Close()
	}
	_ = s.post.close()
}

// kind is one way to ask for an egress; name is that of its files.
type kind struct {
	name   string
	length time.Duration
	ask    func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error)
}

// kinds are all kinds of requests and of outputs.
var kinds = []kind{
	{"sound", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.track(ctx, 0, name)
	}},
	{"picture", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.track(ctx, 1, name)
	}},
	{"tracks to a file with images", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
			RoomName: s.Room, AudioTrackId: s.camera.Tracks(0)[0], VideoTrackId: s.camera.Tracks(0)[1], Options: &livekit.TrackCompositeEgressRequest_Advanced{Advanced: modest()},
			FileOutputs: s.files(name), ImageOutputs: s.images(name),
		})
	}},
	{"tracks to segments", 3 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
			RoomName: s.Room, AudioTrackId: s.camera.Tracks(0)[0], VideoTrackId: s.camera.Tracks(0)[1], Options: &livekit.TrackCompositeEgressRequest_Advanced{Advanced: modest()},
			SegmentOutputs: s.segments(name),
		})
	}},
	{"participant", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartParticipant(ctx, &livekit.ParticipantEgressRequest{
			RoomName: s.Room, Identity: "camera0", Options: &livekit.ParticipantEgressRequest_Advanced{Advanced: modest()}, FileOutputs: s.files(name),
		})
	}},
	{"sound of the room", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{RoomName: s.Room, AudioOnly: true, FileOutputs: s.files(name)})
	}},
	{"sound of the room in segments", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{RoomName: s.Room, AudioOnly: true, SegmentOutputs: s.segments(name)})
	}},
	{"v2 media", 2 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.routed(ctx, name, s.Room, route(speaker{identity: "camera0"}, livekit.AudioChannel_AUDIO_CHANNEL_LEFT))
	}},
	{"room to a file and a stream", 3 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
			RoomName: s.Room, Options: &livekit.RoomCompositeEgressRequest_Advanced{Advanced: modest()}, FileOutputs: s.files(name),
			StreamOutputs: []*livekit.StreamOutput{{Protocol: livekit.StreamProtocol_RTMP, Urls: []string{s.nginx.URL("live", name)}}},
		})
	}},
	{"page to segments with images", 3 * time.Second, func(ctx context.Context, s *stage, name string) (*livekit.EgressInfo, error) {
		return s.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: s.pages.URL, Options: &livekit.WebEgressRequest_Advanced{Advanced: modest()}, SegmentOutputs: s.segments(name), ImageOutputs: s.images(name),
		})
	}},
}

func modest() *livekit.EncodingOptions {
	return &livekit.EncodingOptions{Width: 320, Height: 180, Framerate: 15, VideoBitrate: 300}
}

// track asks for a track of the camera's: 0 is its sound, 1 its picture.
func (s *stage) track(ctx context.Context, n int, name string) (*livekit.EgressInfo, error) {
	return s.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: s.Room, TrackId: s.camera.Tracks(0)[n], Output: &livekit.TrackEgressRequest_File{
		File: &livekit.DirectFileOutput{Filepath: filepath.Join(s.Media, name)},
	}})
}

func (s *stage) files(name string) []*livekit.EncodedFileOutput {
	return []*livekit.EncodedFileOutput{{Filepath: filepath.Join(s.Media, name)}}
}

func (s *stage) segments(name string) []*livekit.SegmentedFileOutput {
	return []*livekit.SegmentedFileOutput{{FilenamePrefix: filepath.Join(s.Media, name), SegmentDuration: 1}}
}

func (s *stage) images(name string) []*livekit.ImageOutput {
	return []*livekit.ImageOutput{{FilenamePrefix: filepath.Join(s.Media, "images", name), CaptureInterval: 1}}
}
