package outlets

import (
	"context"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
)

const (
	// protocolFMP4 is the API's number for HLS with fMP4 segments.
	protocolFMP4 livekit.SegmentedFileProtocol = 2

	segmentSeconds = 2
	participants   = 2 // of a room
)

// order is several outputs of one egress.
type order struct {
	id, title string
	room      bool // by StartEgress (v2), of a room; otherwise Web
	fmp4      bool
	audioOnly bool
}

// segments are asked for with a live playlist, in a folder of their own.
func (r order) segments(media string) *livekit.SegmentedFileOutput {
	s := &livekit.SegmentedFileOutput{
		FilenamePrefix: filepath.Join(media, r.id, "s"), PlaylistName: filepath.Join(media, r.id, "list"),
		LivePlaylistName: "live.m3u8", SegmentDuration: segmentSeconds,
	}
	if r.fmp4 {
		s.Protocol = protocolFMP4
	}
	return s
}

func (r order) images(media string) *livekit.ImageOutput {
	return &livekit.ImageOutput{FilenamePrefix: filepath.Join(media, r.id, "images", "i"), CaptureInterval: 1}
}

// place starts the egress; done frees what it needs while it runs.
func (r order) place(ctx context.Context, l *lab.Lab) (rec *lab.Recording, done func(), err error) {
	path := filepath.Join(l.Media, r.id+".mp4")
	if r.room {
		rec, err := l.Start(ctx, func() (*livekit.EgressInfo, error) {
			return l.API.StartEgress(ctx, &livekit.StartEgressRequest{
				RoomName: l.Room, Source: &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{Layout: "grid"}},
				Outputs: []*livekit.Output{
					{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: path}}},
					{Config: &livekit.Output_Segments{Segments: r.segments(l.Media)}},
					{Config: &livekit.Output_Images{Images: r.images(l.Media)}},
				},
			})
		})
		return rec, func() {}, err
	}
	pages, err := lab.ServePages(ctx, publish.Size{Width: 1280, Height: 720})
	if err != nil {
		return nil, nil, err
	}
	req := &livekit.WebEgressRequest{
		Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true, AudioOnly: r.audioOnly,
		FileOutputs:    []*livekit.EncodedFileOutput{{FileType: livekit.EncodedFileType_MP4, Filepath: path}},
		SegmentOutputs: []*livekit.SegmentedFileOutput{r.segments(l.Media)},
	}
	if !r.audioOnly {
		req.ImageOutputs = []*livekit.ImageOutput{r.images(l.Media)}
	}
	rec, err = l.Start(ctx, func() (*livekit.EgressInfo, error) { return l.API.StartWeb(ctx, req) })
	if err != nil {
		pages.Close()
		return nil, nil, err
	}
	return rec, pages.Close, nil
}

// newLab is one with participants if the order is of a room.
func (r order) newLab(ctx context.Context) (*lab.Lab, error) {
	o := lab.Options{Name: "outlets"}
	if r.room {
		o.Participants = participants
	}
	return lab.New(ctx, o)
}

// ids are whom the meter must find.
func (r order) ids() []int {
	if r.room {
		return []int{0, 1}
	}
	return []int{0}
}
