package ffpipe

import (
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// Container is a format that the encoder writes, by ffmpeg's name of its muxer.
// The empty one is MP4.
type Container string

const (
	MP4 Container = "mp4" // fragmented
	Ogg Container = "ogg" // Opus only
	MP3 Container = "mp3" // frames and nothing else

	// The encoder does not write these: one is a work file of tracks as they came, the other is made of it.
	Matroska Container = "matroska"
	WebM     Container = "webm"
)

const (
	movieTimescale  = 90000 // without it edit lists are rounded to ms
	defaultFragment = 500 * time.Millisecond
	// oggPage is how long a page is; ffmpeg always holds one back.
	oggPage = 200 * time.Millisecond
)

// holds says whether the container can have such tracks.
func (c Container) holds(video, audio bool, codec AudioCodec) bool {
	switch c {
	case "", MP4:
		return !audio || codec == AAC || codec == Opus
	case Ogg:
		return !video && codec == Opus
	case MP3:
		return !video && codec == MP3Audio
	}
	return false
}

// containerOutput sets the muxer.
func (o EncoderOptions) containerOutput() ffmpeg.KwArgs {
	switch o.Container {
	case Ogg:
		return ffmpeg.KwArgs{"format": "ogg", "page_duration": oggPage.Microseconds(), "flush_packets": 1}
	case MP3:
		// The Info frame needs the end of the file: it is made when that is known.
		return ffmpeg.KwArgs{"format": "mp3", "write_xing": 0, "id3v2_version": 0, "flush_packets": 1}
	}
	return ffmpeg.KwArgs{
		"format": "mp4",
		// delay_moov: without it audio is 72 ms off. frag_duration: without it
		// an audio-only job writes nothing before its end.
		"movflags":        "+frag_keyframe+empty_moov+default_base_moof+delay_moov",
		"movie_timescale": movieTimescale,
		"frag_duration":   o.fragment().Microseconds(),
		"flush_packets":   1,
	}
}

func (o EncoderOptions) fragment() time.Duration {
	if o.FragmentDuration > 0 {
		return o.FragmentDuration
	}
	return defaultFragment
}
