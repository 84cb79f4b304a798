package rtpfeed

import (
	"time"

	"github.com/ffegress/ffegress/ffpipe/matroska"
)

// tick keeps timestamps apart: it is more than one of an MP4 file.
const tick = 20 * time.Microsecond

// videoForm is Matroska with a frame in each cluster. One frame is held back, so that the last can be given the time
// that it is shown.
type videoForm struct {
	out   Appender
	codec Codec

	headed bool
	held   matroska.Block
	last   time.Duration // from the frame before held to held
}

func (f *videoForm) write(u Unit, at time.Duration) bool {
	if !f.headed {
		if !u.Keyframe {
			return false
		}
		track, err := matroskaTrack(f.codec, u)
		if err != nil {
			return false // another keyframe will tell
		}
		f.out.Append(matroska.Head(track))
		f.headed = true
	} else {
		at = max(at, f.held.At+tick)
		f.last = at - f.held.At
		f.out.Append(matroska.AppendCluster(nil, f.held))
	}
	f.held = matroska.Block{Track: 1, At: at, Key: u.Keyframe, Data: packed(f.codec, u)}
	return true
}

func (f *videoForm) close(end time.Duration) {
	if f.held.Duration = end - f.held.At; f.held.Duration <= 0 {
		f.held.Duration = max(f.last, tick)
	}
	f.out.Append(matroska.AppendCluster(nil, f.held))
}

func (f *videoForm) silence() int64          { return 0 }
func (f *videoForm) duration() time.Duration { return f.held.At + f.held.Duration }
