package outlets

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"
)

// page is the kind of Web request that a row makes; "" = it is of a room.
func (r row) page() string {
	if r.source == "web" || r.source == "v2-web" {
		return r.source
	}
	return ""
}

// tracks is whether tracks are recorded without a page.
func (r row) tracks() bool {
	return r.source == "participant" || r.source == "tracks" || r.source == "v2-media"
}

// options are the same for all: keyframes as far apart as a segment is long.
func (r row) options() *livekit.EncodingOptions {
	o := &livekit.EncodingOptions{Width: 640, Height: 360, VideoBitrate: 1500, KeyFrameInterval: segmentSeconds}
	if r.source == "room" || r.source == "v2-template" { // two cards side by side
		o.Width, o.Height, o.VideoBitrate = 960, 540, 2000
	}
	return o
}

func (r row) files(root string) []*livekit.EncodedFileOutput {
	if !r.has("file") {
		return nil
	}
	return []*livekit.EncodedFileOutput{{FileType: livekit.EncodedFileType_MP4, Filepath: filepath.Join(root, "row", "file.mp4")}}
}

func (r row) segments(root string) []*livekit.SegmentedFileOutput {
	if !r.has("segments") {
		return nil
	}
	return []*livekit.SegmentedFileOutput{order{id: "row", fmp4: r.made == "hls-fmp4"}.segments(root)}
}

func (r row) streams(url string) []*livekit.StreamOutput {
	if !r.has("stream") {
		return nil
	}
	return []*livekit.StreamOutput{{Urls: []string{url}}}
}

func (r row) images(root string) []*livekit.ImageOutput {
	if !r.has("images") {
		return nil
	}
	return []*livekit.ImageOutput{order{id: "row"}.images(root)}
}

// outputs are the same for v2.
func (r row) outputs(root, url string) (all []*livekit.Output) {
	for _, f := range r.files(root) {
		all = append(all, &livekit.Output{Config: &livekit.Output_File{File: &livekit.FileOutput{FileType: f.FileType, Filepath: f.Filepath}}})
	}
	for _, s := range r.segments(root) {
		all = append(all, &livekit.Output{Config: &livekit.Output_Segments{Segments: s}})
	}
	for _, s := range r.streams(url) {
		all = append(all, &livekit.Output{Config: &livekit.Output_Stream{Stream: s}})
	}
	for _, i := range r.images(root) {
		all = append(all, &livekit.Output{Config: &livekit.Output_Images{Images: i}})
	}
	return all
}

// ask starts the row's egress.
func (r row) ask(ctx context.Context, s *stage) (*livekit.EgressInfo, error) {
	root, url, room := s.root(), s.url, s.Room
	card := s.page.Card(500*time.Millisecond, -1)
	v2 := &livekit.StartEgressRequest{
		RoomName: room, Encoding: &livekit.StartEgressRequest_Advanced{Advanced: r.options()}, Outputs: r.outputs(root, url),
	}
	switch r.source {
	case "room":
		return s.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
			RoomName: room, Layout: "grid", Options: &livekit.RoomCompositeEgressRequest_Advanced{Advanced: r.options()},
			FileOutputs: r.files(root), SegmentOutputs: r.segments(root), StreamOutputs: r.streams(url), ImageOutputs: r.images(root),
		})
	case "web":
		return s.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: card, AwaitStartSignal: true, Options: &livekit.WebEgressRequest_Advanced{Advanced: r.options()},
			FileOutputs: r.files(root), SegmentOutputs: r.segments(root), StreamOutputs: r.streams(url), ImageOutputs: r.images(root),
		})
	case "participant":
		return s.API.StartParticipant(ctx, &livekit.ParticipantEgressRequest{
			RoomName: room, Identity: "p0", Options: &livekit.ParticipantEgressRequest_Advanced{Advanced: r.options()},
			FileOutputs: r.files(root), SegmentOutputs: r.segments(root), StreamOutputs: r.streams(url), ImageOutputs: r.images(root),
		})
	case "tracks":
		tracks := s.Publisher.Tracks(0)
		return s.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
			RoomName: room, AudioTrackId: tracks[0], VideoTrackId: tracks[1], Options: &livekit.TrackCompositeEgressRequest_Advanced{Advanced: r.options()},
			FileOutputs: r.files(root), SegmentOutputs: r.segments(root), StreamOutputs: r.streams(url), ImageOutputs: r.images(root),
		})
	case "v2-template":
		v2.Source = &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{Layout: "grid"}}
	case "v2-web":
		v2.RoomName, v2.Source = "", &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: card, AwaitStartSignal: true}}
	case "v2-media":
		v2.Source = &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{
			Video: &livekit.MediaSource_ParticipantVideo{ParticipantVideo: &livekit.ParticipantVideo{Identity: "p0"}},
			Audio: &livekit.AudioConfig{CaptureAll: true},
		}}
	default:
		return nil, fmt.Errorf("no such source: %s", r.source)
	}
	return s.API.StartEgress(ctx, v2)
}
