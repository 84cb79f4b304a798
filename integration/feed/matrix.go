package feed

import (
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
)

// row is a case of the matrix and the takes that it makes.
type row struct {
	accept.Case
	takes []take
}

// matrix has every pair of a request, a picture's codec, a sound's codec and a kind of output that there can be, and
// what one can publish besides.
var matrix = []row{
	passed(publish.VP8, publish.Opus),
	passed(publish.VP9, publish.PCMU),
	passed(publish.H264, publish.PCMA),
	passed(publish.AV1, publish.Opus),
	passed(publish.H265, publish.Opus),
	{socket(publish.Opus, 12*time.Second), []take{{byTrack, "", publish.Opus, toSocket}}},
	{socket(publish.PCMU, 12*time.Second), []take{{byTrack, "", publish.PCMU, toSocket}}},
	put(trackComposite, byComposite, publish.VP8, publish.Opus, 20*time.Second),
	put(trackComposite, byComposite, publish.VP9, publish.PCMU, 20*time.Second),
	put(trackComposite, byComposite, publish.H264, publish.PCMU, 20*time.Second),
	put(trackComposite, byComposite, publish.AV1, publish.Opus, 20*time.Second),
	put(trackComposite, byComposite, publish.H265, publish.Opus, 20*time.Second),
	put(participant, byParticipant, publish.H264, publish.Opus, 20*time.Second),
	put(participant, byParticipant, publish.VP8, publish.PCMU, 12*time.Second),
	put(participant, byParticipant, publish.VP9, publish.Opus, 12*time.Second),
	put(participant, byParticipant, publish.AV1, publish.PCMU, 12*time.Second),
	put(media, byMedia, publish.VP8, publish.PCMU, 20*time.Second),
	put(media, byMedia, publish.VP9, publish.Opus, 12*time.Second),
	put(media, byMedia, publish.H264, publish.PCMU, 12*time.Second),
	put(media, byMedia, publish.AV1, publish.Opus, 12*time.Second),
	{mediaPassed(publish.VP9, 12*time.Second), []take{{byMedia, publish.VP9, "", toWebM}}},
	heard(byRoom, publish.Opus, toOGG, 20*time.Second),
	heard(byRoom, publish.Opus, toMP3, 20*time.Second),
	heard(byRoom, publish.PCMU, toMP4, 12*time.Second),
	heard(byComposite, publish.Opus, toOGG, 12*time.Second),
	heard(byComposite, publish.PCMU, toMP3, 12*time.Second),
	heard(byMedia, publish.Opus, toMP3, 12*time.Second),
	heard(byMedia, publish.PCMU, toOGG, 12*time.Second),
	{heardLive(byRoom, publish.Opus, 12*time.Second), []take{{byRoom, "", publish.Opus, toSocket}}},
	{heardLive(byMedia, publish.PCMU, 12*time.Second), []take{{byMedia, "", publish.PCMU, toSocket}}},
}

// passed are a picture and a sound that are recorded as they come.
func passed(picture, sound string) row {
	return row{tracks(picture, sound, 20*time.Second), []take{
		{byTrack, picture, "", asItComes[picture]}, {byTrack, "", sound, asItComes[sound]},
	}}
}

// put is a picture and a sound that are put together.
func put(record func(picture, sound string, length time.Duration) accept.Case, request, picture, sound string, length time.Duration) row {
	return row{record(picture, sound, length), []take{{request, picture, sound, toMP4}}}
}

// heard is sound that is put together, into a file.
func heard(request, sound, kind string, length time.Duration) row {
	return row{soundOf(request, sound, kind, length), []take{{request, "", sound, kind}}}
}
