package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/urfave/cli/v3"
	"google.golang.org/protobuf/proto"
)

// TestRequests lays flags over request files: flags win, whichever spelling the file has.
func TestRequests(t *testing.T) {
	mp4 := []*livekit.EncodedFileOutput{{Filepath: "b.mp4"}}
	preset := livekit.EncodingOptionsPreset_H264_1080P_30
	for _, tt := range []struct {
		name, file string
		args       []string
		want       *rpc.StartEgressRequest
	}{
		{"room, flags only", "", []string{"room", "--room", "r", "--layout", "grid", "--custom-base-url", "http://x", "--video-only", "-o", "b.mp4", "--preset", "H264_1080P_30"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_RoomComposite{RoomComposite: &livekit.RoomCompositeEgressRequest{
				RoomName: "r", Layout: "grid", CustomBaseUrl: "http://x", VideoOnly: true, FileOutputs: mp4,
				Options: &livekit.RoomCompositeEgressRequest_Preset{Preset: preset},
			}}}},
		{"room, flags over camel case", `{"roomName": "a", "fileOutputs": [{"filepath": "a.mp4"}], "videoOnly": true, "customBaseUrl": "http://a"}`,
			[]string{"room", "--room", "r", "-o", "b.mp4", "--video-only=false", "--custom-base-url", "http://x"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_RoomComposite{RoomComposite: &livekit.RoomCompositeEgressRequest{
				RoomName: "r", CustomBaseUrl: "http://x", FileOutputs: mp4,
			}}}},
		{"web, preset over advanced", `{"url": "http://a", "advanced": {"width": 640}, "file_outputs": [{"filepath": "b.mp4"}]}`,
			[]string{"web", "--preset", "H264_1080P_30", "--await-start-signal"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Web{Web: &livekit.WebEgressRequest{
				Url: "http://a", AwaitStartSignal: true, FileOutputs: mp4, Options: &livekit.WebEgressRequest_Preset{Preset: preset},
			}}}},
		{"web, all kinds of output", "", []string{"web", "--url", "http://a", "-o", "b.mp4", "--segments", "s/", "--fmp4", "--segment-duration", "2", "--images", "i", "--image-interval", "5"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Web{Web: &livekit.WebEgressRequest{
				Url: "http://a", FileOutputs: mp4,
				SegmentOutputs: []*livekit.SegmentedFileOutput{{
					Protocol: 2, FilenamePrefix: "s/segment", PlaylistName: "s/playlist.m3u8", LivePlaylistName: "s/live.m3u8", SegmentDuration: 2,
				}},
				ImageOutputs: []*livekit.ImageOutput{{FilenamePrefix: "i/image", CaptureInterval: 5}},
			}}}},
		{"web, streams", "", []string{"web", "--url", "http://a", "--stream", "rtmp://h/app/key", "--stream", "srt://h:1?streamid=#!::r=a,m=publish"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Web{Web: &livekit.WebEgressRequest{
				Url: "http://a", StreamOutputs: []*livekit.StreamOutput{{Urls: []string{"rtmp://h/app/key", "srt://h:1?streamid=#!::r=a,m=publish"}}},
			}}}},
		{"v2, stream beside a file", `{"web": {"url": "http://a"}}`, []string{"egress", "-o", "b.mp4", "--stream", "mux://key"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Egress{Egress: &livekit.StartEgressRequest{
				Source: &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: "http://a"}},
				Outputs: []*livekit.Output{
					{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: "b.mp4"}}},
					{Config: &livekit.Output_Stream{Stream: &livekit.StreamOutput{Urls: []string{"mux://key"}}}},
				},
			}}}},
		{"v2, segments and images", `{"web": {"url": "http://a"}, "outputs": [{"file": {}}]}`, []string{"egress", "--segments", "s", "--images", "i"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Egress{Egress: &livekit.StartEgressRequest{
				Source: &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: "http://a"}},
				Outputs: []*livekit.Output{
					{Config: &livekit.Output_Segments{Segments: &livekit.SegmentedFileOutput{
						FilenamePrefix: "s/segment", PlaylistName: "s/playlist.m3u8", LivePlaylistName: "s/live.m3u8", SegmentDuration: 4,
					}}},
					{Config: &livekit.Output_Images{Images: &livekit.ImageOutput{FilenamePrefix: "i/image", CaptureInterval: 10}}},
				},
			}}}},
		{"v2, file only", `{"web": {"url": "http://a"}, "outputs": [{"file": {"filepath": "b.mp4"}, "storage": {}}]}`, []string{"egress"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Egress{Egress: &livekit.StartEgressRequest{
				Source:  &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: "http://a"}},
				Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: "b.mp4"}}, Storage: &livekit.StorageConfig{}}},
			}}}},
		{"v2, flags over the file", `{"roomName": "a", "template": {"layout": "grid"}, "outputs": [{"file": {}}, {"images": {}}], "preset": 2}`,
			[]string{"egress", "--room", "r", "-o", "b.mp4", "--preset", "H264_1080P_30"},
			&rpc.StartEgressRequest{Request: &rpc.StartEgressRequest_Egress{Egress: &livekit.StartEgressRequest{
				RoomName: "r", Source: &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{Layout: "grid"}},
				Encoding: &livekit.StartEgressRequest_Preset{Preset: preset},
				Outputs:  []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: "b.mp4"}}}},
			}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			if tt.file != "" {
				path := filepath.Join(t.TempDir(), "request.json")
				if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, path)
			}
			got := parseRecord(t, args)
			tt.want.EgressId = got.EgressId
			if !proto.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

// parseRecord runs the record command as far as its request.
func parseRecord(t *testing.T, args []string) (req *rpc.StartEgressRequest) {
	t.Helper()
	requests := map[string]requestFunc{"room": roomRequest, "web": webRequest, "egress": egressRequest}
	root := recordCommand()
	for _, sub := range root.Commands {
		sub.Action = func(_ context.Context, cmd *cli.Command) (err error) {
			req, err = requests[cmd.Name](cmd)
			return err
		}
	}
	if err := root.Run(t.Context(), append([]string{"record"}, args...)); err != nil {
		t.Fatal(err)
	}
	return req
}
