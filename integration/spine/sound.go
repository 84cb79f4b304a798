package spine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// soundFile is a kind of file without a picture.
type soundFile struct {
	name  string
	kind  livekit.EncodedFileType
	codec livekit.AudioCodec
	ext   string

	is   string // ffprobe's name of the codec
	rate int    // Hz
}

var soundFiles = []soundFile{
	{"ogg", livekit.EncodedFileType_OGG, livekit.AudioCodec_DEFAULT_AC, ".ogg", "opus", 48000},
	{"mp3", livekit.EncodedFileType_MP3, livekit.AudioCodec_DEFAULT_AC, ".mp3", "mp3", 44100},
	{"mp4", livekit.EncodedFileType_MP4, livekit.AudioCodec_DEFAULT_AC, ".mp4", "aac", 44100},
	{"mp4-opus", livekit.EncodedFileType_MP4, livekit.AudioCodec_OPUS, ".mp4", "opus", 48000},
}

// soundBitrate is the default of audio_bitrate in kb/s; how far a file may be off, its container's overhead included.
const (
	soundBitrate       = 128
	soundBitrateWithin = 0.3
	soundStart         = 0.030 // s: FFmpeg begins an MP3 at the decoder's delay
	soundWithin        = 0.050 // s between durations: what the header says, the sound, EgressInfo
)

// soundTake records sound only and judges the file.
func soundTake(f soundFile, web bool, length time.Duration, b bars) accept.Case {
	source, participants := "room", 3
	if web {
		source, participants = "web", 0
	}
	return accept.Case{
		ID: "sound-" + source + "-" + f.name, Line: 3, Title: fmt.Sprintf("%s, sound only, into %s, %v", source, f.name, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return unrobbed(o, func(try *accept.Outcome) (float64, error) {
				return soundAttempt(ctx, try, f, web, participants, length, b)
			})
		},
	}
}

// soundAttempt makes one take and returns the share of CPU time that was stolen from the machine meanwhile.
func soundAttempt(ctx context.Context, o *accept.Outcome, f soundFile, web bool, participants int, length time.Duration, b bars) (float64, error) {
	l, err := newLab(ctx, participants)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.close() }()
	ask, done, err := l.soundRequest(ctx, f, web)
	if err != nil {
		return 0, err
	}
	defer done()
	before, err := rig.LookSteal()
	if err != nil {
		return 0, err
	}
	r, err := l.start(ctx, ask)
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, length); err != nil {
		return 0, err
	}
	stopped := time.Now()
	info, _, err := r.stop(ctx)
	if err != nil {
		return 0, err
	}
	after, err := rig.LookSteal()
	if err != nil {
		return 0, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return 0, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	if err := l.oneEnd(ctx, o, info.EgressId); err != nil {
		return 0, err
	}
	ids := []int{0, 1, 2}
	if web {
		ids = ids[:1]
	}
	return after.Since(before), judgeSound(ctx, o, f, ids, b, info, stopped.Sub(time.Unix(0, info.FileResults[0].StartedAt)))
}

// soundRequest asks for a file by type; the name's own extension must not matter.
func (l *lab) soundRequest(ctx context.Context, f soundFile, web bool) (ask func() (*livekit.EgressInfo, error), done func(), err error) {
	files := []*livekit.EncodedFileOutput{{FileType: f.kind, Filepath: filepath.Join(l.media, "sound-"+f.name+".raw")}}
	advanced := &livekit.EncodingOptions{AudioCodec: f.codec}
	if !web {
		return func() (*livekit.EgressInfo, error) {
			return l.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
				RoomName: l.room, AudioOnly: true, FileOutputs: files,
				Options: &livekit.RoomCompositeEgressRequest_Advanced{Advanced: advanced},
			})
		}, func() {}, nil
	}
	pages, err := servePages(ctx, publish.Size{Width: hd.width, Height: hd.height})
	if err != nil {
		return nil, nil, err
	}
	return func() (*livekit.EgressInfo, error) {
		return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true, AudioOnly: true, FileOutputs: files,
			Options: &livekit.WebEgressRequest_Advanced{Advanced: advanced},
		})
	}, pages.Close, nil
}

// judgeSound measures the file and holds it against the bars and against what EgressInfo says of it.
func judgeSound(ctx context.Context, o *accept.Outcome, f soundFile, ids []int, b bars, info *livekit.EgressInfo, wall time.Duration) error {
	result := info.FileResults[0]
	report, err := meter.Measure(ctx, result.Location, meter.Options{IDs: ids, NoPicture: true})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	o.Missed = append(o.Missed, report.Check(meter.Limits{Wall: wall.Seconds(), WallWithin: b.wallWithin, AllowGaps: b.gaps})...)
	stat, err := os.Stat(result.Location)
	if err != nil {
		return err
	}
	s, told := report.Stream, time.Duration(result.Duration).Seconds()
	kbps := float64(stat.Size()) * 8 / 1000 / report.AudioDuration
	o.Add("wall clock, header, sound, EgressInfo", "%.3f s, %.3f s, %.3f s, %.3f s", wall.Seconds(), s.Duration, report.AudioDuration, told)
	o.Add("codec", "%s %d Hz, %.0f kb/s in all", s.AudioCodec, s.SampleRate, kbps)
	o.Want(strings.HasSuffix(result.Location, "sound-"+f.name+f.ext) && result.Filename == result.Location, "location %s, filename %s", result.Location, result.Filename)
	o.Want(stat.Size() == result.Size, "%d bytes, EgressInfo says %d", stat.Size(), result.Size)
	o.Want(s.VideoCodec == "" && s.AudioCodec == f.is && s.SampleRate == f.rate && s.Channels == 2, "%+v", s)
	o.Want(kbps > soundBitrate*(1-soundBitrateWithin) && kbps < soundBitrate*(1+soundBitrateWithin), "%.0f kb/s, %d asked for", kbps, soundBitrate)
	o.Want(report.AudioStart >= 0 && report.AudioStart <= soundStart, "the sound begins at %.4f s", report.AudioStart)
	for what, seconds := range map[string]float64{"header": s.Duration, "EgressInfo": told} {
		off := seconds - report.AudioDuration
		o.Want(max(off, -off) <= soundWithin, "%.3f s of sound, the %s says %.3f s", report.AudioDuration, what, seconds)
	}
	if f.ext != ".mp3" {
		return nil
	}
	said, found, err := meter.MP3Frames(ctx, result.Location)
	o.Add("frames in the Info frame, and in the file", "%d, %d", said, found)
	o.Want(err == nil && said == found, "the Info frame says %d frames, the file has %d (%v)", said, found, err)
	return nil
}
