package feed

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
)

// soundFiles are the types of files that sound alone is put into.
var soundFiles = map[string]livekit.EncodedFileType{
	toOGG: livekit.EncodedFileType_OGG, toMP3: livekit.EncodedFileType_MP3, toMP4: livekit.EncodedFileType_MP4,
}

// soundOf records the sound of a room of two, of v2 media which is the same two, or of one track, without a browser.
func soundOf(request, sound, kind string, length time.Duration) accept.Case {
	id := request + "-sound-" + kind
	if sound != publish.Opus {
		id = request + "-sound-" + sound + "-" + kind
	}
	o := publish.Options{Participants: 2, AudioOnly: true, Audio: sound}
	ids := []int{0, 1}
	if request == byComposite {
		ids = ids[:1]
	}
	title := fmt.Sprintf("sound alone, %s, by %s as .%s", sound, asked[request], kind)
	return composed(id, title, o, length, ids, "feed-composed."+kind,
		func(b *bench, p *publish.Publisher, path string) (*livekit.EgressInfo, error) {
			ctx, into := context.Background(), files(path, soundFiles[kind])
			switch request {
			case byRoom:
				return b.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{RoomName: b.Room, AudioOnly: true, FileOutputs: into})
			case byComposite:
				return b.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{RoomName: b.Room, AudioTrackId: p.Tracks(0)[0], FileOutputs: into})
			}
			return b.API.StartEgress(ctx, &livekit.StartEgressRequest{
				RoomName: b.Room, Source: allSound,
				Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: path, FileType: soundFiles[kind]}}}},
			})
		})
}

// asked says in words how sound was asked for.
var asked = map[string]string{byRoom: "an audio-only RoomComposite", byComposite: "TrackComposite", byMedia: "StartEgress (v2) of media"}

// allSound is what everybody says, in a request of v2.
var allSound = &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{Audio: &livekit.AudioConfig{CaptureAll: true}}}

// mediaPassed records a picture by v2's PASSTHROUGH and holds each packet against what was sent.
func mediaPassed(picture string, length time.Duration) accept.Case {
	return accept.Case{
		ID: "media-passthrough-" + picture, Line: 1, Title: fmt.Sprintf("StartEgress (v2) of media, PASSTHROUGH of %s, %v", picture, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return recordPicture(ctx, o, picture, length, func(b *bench, track string) (*livekit.EgressInfo, error) {
				return b.API.StartEgress(ctx, &livekit.StartEgressRequest{
					RoomName: b.Room,
					Source: &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{
						Video: &livekit.MediaSource_VideoTrackId{VideoTrackId: track},
					}},
					Encoding: &livekit.StartEgressRequest_Preset{Preset: passthrough},
					Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{
						Filepath: filepath.Join(b.Media, "{publisher_identity}-{track_type}-{track_source}"),
					}}}},
				})
			})
		},
	}
}

// passthrough is the preset of that name, which this version of the protocol package does not name.
const passthrough livekit.EncodingOptionsPreset = 8

// recordPicture records a participant's picture as it comes.
func recordPicture(ctx context.Context, o *accept.Outcome, picture string, length time.Duration, ask func(b *bench, track string) (*livekit.EgressInfo, error)) error {
	b, err := newBench(ctx, nil)
	if err != nil {
		return err
	}
	defer b.close()
	p, err := b.publish(ctx, publish.Options{Video: picture})
	if err != nil {
		return err
	}
	material, err := materialOf(ctx, publish.Options{Video: picture})
	if err != nil {
		return err
	}
	r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) { return ask(b, p.Tracks(0)[1]) })
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, length); err != nil {
		return err
	}
	info, wall, err := stopped(ctx, r)
	if err != nil {
		return err
	}
	return judgePicture(ctx, o, picture, info, wall, material.Frames)
}
