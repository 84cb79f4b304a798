package feed

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// The bars of what is put together and encoded.
const (
	offsetP95 = 40 // ms, picture against sound
	offsetMax = 80
	// burstWithin is how far a tone burst may be from its place, ms.
	burstWithin = 20
)

// composed records what ask asks for and judges the file by the cards of the participants.
func composed(id, title string, o publish.Options, length time.Duration, ids []int, name string,
	ask func(b *bench, p *publish.Publisher, path string) (*livekit.EgressInfo, error)) accept.Case {
	return accept.Case{
		ID: id, Line: 1, Title: fmt.Sprintf("%s, %v", title, length),
		Run: func(ctx context.Context, out *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			p, err := b.publish(ctx, o)
			if err != nil {
				return err
			}
			r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) {
				return ask(b, p, filepath.Join(b.Media, "{room_name}-composed"))
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			f, wall, err := delivered(ctx, out, r)
			if err != nil {
				return err
			}
			out.Want(filepath.Base(f.Filename) == name, "the file is called %s", f.Filename)
			return judgeComposed(ctx, out, f, wall, o, meter.Options{IDs: ids})
		},
	}
}

// delivered ends a recording and gives its file and how long that should be.
func delivered(ctx context.Context, out *accept.Outcome, r *lab.Recording) (*livekit.FileInfo, time.Duration, error) {
	asked := time.Now()
	info, wall, err := stopped(ctx, r)
	if err != nil {
		return nil, 0, err
	}
	f := info.FileResults[0]
	out.Add("accepted → first packet", "%v", time.Duration(f.StartedAt-info.StartedAt).Round(time.Millisecond))
	out.Add("stop asked → file delivered", "%v", time.Since(asked).Round(10*time.Millisecond))
	return f, wall, nil
}

// judgeComposed holds a recording of cards against the bars.
func judgeComposed(ctx context.Context, out *accept.Outcome, f *livekit.FileInfo, wall time.Duration, o publish.Options, look meter.Options) error {
	look.NoPicture, look.NoSound = o.AudioOnly, o.VideoOnly
	report, err := meter.Measure(ctx, f.Location, look)
	if err != nil {
		return err
	}
	out.Add("meter", "\n```\n%s```", report)
	limits := meter.Limits{OffsetP95: offsetP95, Wall: wall.Seconds(), WallWithin: wallWithin, OffBeat: burstWithin}
	if !o.AudioOnly {
		limits.BarError, limits.UniqueFPS = 6, 29
	}
	// G.711's pilot tone is coarse, and sound that a publisher loses is not sent again.
	limits.AllowGaps = o.Audio == publish.PCMU || o.Path.Loss > 0
	out.Missed = append(out.Missed, report.Check(limits)...)
	for _, p := range report.Participants {
		worst := max(p.Offsets.Max, -p.Offsets.Min)
		out.Want(worst <= offsetMax, "p%d: picture and sound are %.1f ms apart", p.ID, worst)
	}
	told := time.Duration(f.Duration)
	out.Want(math.Abs((told-wall).Seconds()) <= wallWithin, "EgressInfo says %v, wall clock %v", told, wall)
	return nil
}

func files(path string, kind livekit.EncodedFileType) []*livekit.EncodedFileOutput {
	return []*livekit.EncodedFileOutput{{Filepath: path, FileType: kind}}
}

// trackComposite records one participant's picture and sound by their ids.
func trackComposite(video, audio string, length time.Duration) accept.Case {
	o := publish.Options{Video: video, Audio: audio}
	return composed("composite-"+video+"-"+audio, fmt.Sprintf("TrackComposite of %s and %s", video, audio), o, length,
		[]int{0}, "feed-composed.mp4",
		func(b *bench, p *publish.Publisher, path string) (*livekit.EgressInfo, error) {
			ids := p.Tracks(0)
			return b.API.StartTrackComposite(context.Background(), &livekit.TrackCompositeEgressRequest{
				RoomName: b.Room, AudioTrackId: ids[0], VideoTrackId: ids[1],
				FileOutputs: files(path, livekit.EncodedFileType_DEFAULT_FILETYPE),
			})
		})
}

// participant records a participant by identity; the name says who.
func participant(video, audio string, length time.Duration) accept.Case {
	o := publish.Options{Video: video, Audio: audio, Participants: 2}
	return composed("participant-"+video+"-"+audio, fmt.Sprintf("Participant egress of %s and %s, beside another", video, audio), o, length,
		[]int{1}, "p1-composed.mp4",
		func(b *bench, _ *publish.Publisher, path string) (*livekit.EgressInfo, error) {
			return b.API.StartParticipant(context.Background(), &livekit.ParticipantEgressRequest{
				RoomName: b.Room, Identity: "p1",
				FileOutputs: files(filepath.Join(filepath.Dir(path), "{publisher_identity}-composed"), livekit.EncodedFileType_MP4),
			})
		})
}

// media is v2's source of tracks: one's picture, everybody's sound.
func media(video, audio string, length time.Duration) accept.Case {
	o := publish.Options{Video: video, Audio: audio}
	return composed("media-"+video+"-"+audio, fmt.Sprintf("StartEgress (v2) of media, %s and %s", video, audio), o, length,
		[]int{0}, "feed-composed.mp4",
		func(b *bench, _ *publish.Publisher, path string) (*livekit.EgressInfo, error) {
			return b.API.StartEgress(context.Background(), &livekit.StartEgressRequest{
				RoomName: b.Room,
				Source: &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{
					Video: &livekit.MediaSource_ParticipantVideo{ParticipantVideo: &livekit.ParticipantVideo{Identity: "p0"}},
					Audio: &livekit.AudioConfig{CaptureAll: true},
				}},
				Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: path}}}},
			})
		})
}
