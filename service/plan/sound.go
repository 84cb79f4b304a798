package plan

import (
	"slices"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
)

// encoders are the audio codecs; the default is for what has no sound.
var encoders = map[livekit.AudioCodec]ffpipe.AudioCodec{
	livekit.AudioCodec_DEFAULT_AC: ffpipe.AAC,
	aac:                           ffpipe.AAC,
	opus:                          ffpipe.Opus,
	mp3:                           ffpipe.MP3Audio,
}

// Sample rates that a codec has. Opus always has 48 kHz, whatever is asked for, as today.
var (
	frequenciesAAC = []int{7350, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}
	frequenciesMP3 = []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
)

const (
	frequencyOpus = 48000
	// maxOpus is the highest bit rate of two channels, kb/s. AAC and LAME take the highest of theirs by themselves.
	maxOpus = 510
)

// checkAudio holds what was asked for against the codec, which is settled.
func (e *encoding) checkAudio() error {
	switch e.audioCodec {
	case pcm: // always at the programme's rate
	case opus:
		e.audioFrequency = frequencyOpus
		e.audioBitrate = min(e.audioBitrate, maxOpus)
	case mp3:
		if !slices.Contains(frequenciesMP3, e.audioFrequency) {
			return errField("audio_frequency")
		}
	default:
		if !slices.Contains(frequenciesAAC, e.audioFrequency) {
			return errField("audio_frequency")
		}
	}
	return nil
}
