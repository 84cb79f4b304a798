package feed

import (
	"github.com/ffegress/ffegress/integration/publish"
)

// Requests and kinds of output, as line 1 of the issue names them.
const (
	byTrack       = "track"
	byComposite   = "composite"
	byParticipant = "participant"
	byRoom        = "room"
	byMedia       = "media"

	toMP4    = "mp4"
	toWebM   = "webm"
	toOGG    = "ogg"
	toMP3    = "mp3"
	toSocket = "websocket"
)

// The matrix of line 1.
var (
	requests = []string{byTrack, byComposite, byParticipant, byRoom, byMedia}
	pictures = []string{publish.VP8, publish.VP9, publish.H264, publish.AV1}
	sounds   = []string{publish.Opus, publish.PCMU}
	kinds    = []string{toMP4, toWebM, toOGG, toMP3, toSocket}
)

// take is one recording: what is asked for, in which codecs that is published, and what is made of it. A codec that
// is empty is not recorded.
type take struct{ request, picture, sound, kind string }

// asItComes are the kinds of file that a track gets when it is recorded as it comes.
var asItComes = map[string]string{
	publish.VP8: toWebM, publish.VP9: toWebM, publish.H264: toMP4, publish.AV1: toMP4, publish.H265: toMP4,
	publish.Opus: toOGG, publish.PCMU: toOGG, publish.PCMA: toOGG,
}

// valid tells which takes there can be.
func (t take) valid() bool {
	if t.picture == "" && t.sound == "" {
		return false
	}
	single := t.picture == "" || t.sound == ""
	passed := single && asItComes[t.picture+t.sound] == t.kind
	switch t.request {
	case byTrack:
		return passed || single && t.picture == "" && t.kind == toSocket
	case byParticipant: // which always has both
		return !single && t.kind == toMP4
	case byRoom:
		return t.picture == "" && t.kind != toWebM
	case byComposite:
		return t.composable() && t.kind != toSocket
	}
	return passed || t.composable()
}

// composable takes are encoded: a picture into MP4 only, sound alone into all but WebM.
func (t take) composable() bool {
	return t.kind == toMP4 || t.picture == "" && t.kind != toWebM
}

// pair is two values of the matrix that one take has.
type pair struct{ one, other string }

func (t take) pairs() (all []pair) {
	has := []string{t.request, t.picture, t.sound, t.kind}
	for i, one := range has {
		for _, other := range has[i+1:] {
			if one != "" && other != "" {
				all = append(all, pair{one, other})
			}
		}
	}
	return all
}
