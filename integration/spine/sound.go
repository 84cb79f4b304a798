package spine

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
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
	// A header counts from zero, so that an MP3's has the decoder's delay before the sound.
	for what, seconds := range map[string]float64{"header": s.Duration - report.AudioStart, "EgressInfo": told} {
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
