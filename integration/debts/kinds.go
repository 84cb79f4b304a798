package debts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/publish"
)

// protocolFMP4 is the API's number for HLS with fMP4 segments.
const protocolFMP4 livekit.SegmentedFileProtocol = 2

// kind is an egress that is killed. Names begin with the folder of its run.
type kind struct {
	name string
	// ask starts it; path makes a name of the run's the one to ask for.
	ask func(ctx context.Context, d *dock, p *publish.Publisher, path func(string) string) (*livekit.EgressInfo, error)
	// What is to be there afterwards.
	file     string
	segments bool
	images   bool
}

// small is an encoding that costs little.
func small() *livekit.EncodingOptions {
	return &livekit.EncodingOptions{Width: 320, Height: 180, Framerate: 30, VideoBitrate: 500, KeyFrameInterval: 1}
}

func segments(path func(string) string, fmp4 bool) *livekit.SegmentedFileOutput {
	s := &livekit.SegmentedFileOutput{FilenamePrefix: path("hls/s"), PlaylistName: path("hls/list"), LivePlaylistName: "live.m3u8", SegmentDuration: 2}
	if fmp4 {
		s.Protocol = protocolFMP4
	}
	return s
}

// kinds are the output kinds that need no browser.
var kinds = []kind{
	{
		name: "MP4, TS segments and images", file: "composed.mp4", segments: true, images: true,
		ask: func(ctx context.Context, d *dock, p *publish.Publisher, path func(string) string) (*livekit.EgressInfo, error) {
			return d.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
				RoomName: d.Room, AudioTrackId: p.Tracks(0)[0], VideoTrackId: p.Tracks(0)[1],
				Options:        &livekit.TrackCompositeEgressRequest_Advanced{Advanced: small()},
				FileOutputs:    []*livekit.EncodedFileOutput{{Filepath: path("composed.mp4")}},
				SegmentOutputs: []*livekit.SegmentedFileOutput{segments(path, false)},
				ImageOutputs:   []*livekit.ImageOutput{{FilenamePrefix: path("images/i"), CaptureInterval: 1}},
			})
		},
	},
	{
		name: "fMP4 segments", segments: true,
		ask: func(ctx context.Context, d *dock, p *publish.Publisher, path func(string) string) (*livekit.EgressInfo, error) {
			return d.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
				RoomName: d.Room, AudioTrackId: p.Tracks(0)[0], VideoTrackId: p.Tracks(0)[1],
				Options:        &livekit.TrackCompositeEgressRequest_Advanced{Advanced: small()},
				SegmentOutputs: []*livekit.SegmentedFileOutput{segments(path, true)},
			})
		},
	},
	{
		name: "OGG", file: "audio.ogg",
		ask: func(ctx context.Context, d *dock, p *publish.Publisher, path func(string) string) (*livekit.EgressInfo, error) {
			return d.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
				RoomName: d.Room, AudioTrackId: p.Tracks(0)[0],
				FileOutputs: []*livekit.EncodedFileOutput{{FileType: livekit.EncodedFileType_OGG, Filepath: path("audio.ogg")}},
			})
		},
	},
	trackKind("track, picture", "picture.webm", 1),
	trackKind("track, sound", "sound.ogg", 0),
}

func trackKind(name, file string, track int) kind {
	return kind{
		name: name, file: file,
		ask: func(ctx context.Context, d *dock, p *publish.Publisher, path func(string) string) (*livekit.EgressInfo, error) {
			return d.API.StartTrack(ctx, &livekit.TrackEgressRequest{
				RoomName: d.Room, TrackId: p.Tracks(0)[track],
				Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: path(file)}},
			})
		},
	}
}

// web is the kind that has a browser.
var web = kind{
	name: "Web, MP4", file: "web.mp4",
	ask: func(ctx context.Context, d *dock, _ *publish.Publisher, path func(string) string) (*livekit.EgressInfo, error) {
		return d.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: d.pages.URL, Options: &livekit.WebEgressRequest_Advanced{Advanced: small()},
			FileOutputs: []*livekit.EncodedFileOutput{{Filepath: path("web.mp4")}},
		})
	},
}

// found is what is there of a kind after its death.
type found struct {
	seconds map[string]float64 // of each thing that takes time
	images  int
}

// find looks at everything in the folder of a run: what was asked for is there, by its name, and decodes whole.
func (k kind) find(ctx context.Context, dir string, info *livekit.EgressInfo) (found, error) {
	f := found{seconds: map[string]float64{}}
	if k.file != "" {
		length, err := seconds(ctx, filepath.Join(dir, k.file))
		if err != nil {
			return f, err
		}
		r := info.FileResults[0]
		if told := float64(r.Duration) / 1e9; told < length-0.1 || told > length+0.1 || r.Size == 0 || r.Location == "" {
			return f, fmt.Errorf("%s: EgressInfo tells %.2f s, %d bytes at %q; the file has %.2f s", k.file, told, r.Size, r.Location, length)
		}
		f.seconds[k.file] = length
	}
	if k.segments {
		length, err := findSegments(ctx, filepath.Join(dir, "hls"), info.SegmentResults[0])
		if err != nil {
			return f, err
		}
		f.seconds["list.m3u8"] = length
	}
	if k.images {
		all, err := filepath.Glob(filepath.Join(dir, "images", "i_*.jpeg"))
		if err != nil {
			return f, err
		}
		for _, image := range all {
			if err := decodes(ctx, image); err != nil {
				return f, err
			}
		}
		if f.images = len(all); info.ImageResults[0].ImageCount != int64(f.images) {
			return f, fmt.Errorf("EgressInfo tells of %d images, there are %d", info.ImageResults[0].ImageCount, f.images)
		}
	}
	return f, nil
}

var extinf = regexp.MustCompile(`#EXTINF:([\d.]+),\n(\S+)\n`)

// findSegments decodes the playlist, which must be ended, as one stream, and holds it against what is told.
func findSegments(ctx context.Context, dir string, told *livekit.SegmentsInfo) (length float64, err error) {
	for _, name := range []string{"live.m3u8", "list.m3u8"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		if !strings.HasSuffix(string(text), "#EXT-X-ENDLIST\n") {
			return 0, fmt.Errorf("%s is not ended:\n%s", name, text)
		}
		if name == "live.m3u8" {
			continue
		}
		listed := extinf.FindAllStringSubmatch(string(text), -1)
		for _, m := range listed {
			d, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return 0, err
			}
			length += d
		}
		there, err := filepath.Glob(filepath.Join(dir, "s_0*"))
		if err != nil || len(there) != len(listed) || told.SegmentCount != int64(len(listed)) {
			return 0, fmt.Errorf("%d segments are listed, %d there, %d told: %v", len(listed), len(there), told.SegmentCount, err)
		}
	}
	if t := float64(told.Duration) / 1e9; t < length-0.1 || t > length+0.1 || told.PlaylistLocation == "" {
		return 0, fmt.Errorf("EgressInfo tells %.2f s at %q, the playlist %.2f s", t, told.PlaylistLocation, length)
	}
	return length, decodes(ctx, filepath.Join(dir, "list.m3u8"))
}
