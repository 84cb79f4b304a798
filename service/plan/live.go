package plan

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/outputs"
)

// Streams are where the recording is sent while it is made.
type Streams struct {
	// Protocol is that of all of them; "" = nothing is sent, and nothing can be added.
	Protocol outputs.StreamProtocol
	URLs     []outputs.StreamURL // from the beginning
	// MaxQueue is how many bytes may wait for each server.
	MaxQueue int64
	// Window is for how long a stream that is lost is tried again; 0 = the output's own.
	Window time.Duration
}

const (
	// liveFragment is how finely the encoding is cut for those who watch.
	liveFragment = 250 * time.Millisecond
	// tracksFragment is the same where tracks are put together: that takes its time already before the encoder, and what
	// is not in a whole fragment is lost with the process.
	tracksFragment = 250 * time.Millisecond
	// liveInterval is the distance of a stream's keyframes where nothing is said, seconds.
	liveInterval = 4
	// liveQueue is how far a server may be behind, beside what lies between two keyframes, seconds.
	liveQueue = 3
	leastLive = 1 << 20 // bytes
)

func (w *wish) streams(o ffpipe.EncoderOptions) Streams {
	protocol := protocols[w.want.streamProtocol]
	if w.want.stream == nil || protocol == "" {
		return Streams{}
	}
	rate := int64(o.AudioBitrate) // kb/s
	if o.Video {
		rate += int64(o.VideoBitrate)
	}
	seconds := int64(o.KeyFrameInterval) + 1 + liveQueue
	return Streams{Protocol: protocol, URLs: w.want.urls, MaxQueue: max(rate*1000/8*seconds, leastLive)}
}

// live fits the encoding to where its media comes from, and to those who watch: keyframes that one can wait for, little delay, and for RTMP the constant
// rate that its servers ask for.
func (w *wish) live(o ffpipe.EncoderOptions) ffpipe.EncoderOptions {
	if w.tracksOnly && o.FragmentDuration == 0 {
		o.FragmentDuration = tracksFragment
	}
	if w.want.stream == nil || protocols[w.want.streamProtocol] == "" || w.want.toSocket() {
		return o
	}
	if o.KeyFrameInterval == 0 {
		o.KeyFrameInterval = liveInterval
	}
	o.FragmentDuration = liveFragment
	o.BFrames = new(int) // each would cost its delay
	o.HRD = w.want.streamProtocol == livekit.StreamProtocol_RTMP
	return o
}

// Resolve finds the addresses that others choose, those of Twitch. It takes two seconds at most.
func (p *Plan) Resolve(ctx context.Context, ingests *outputs.Ingests) {
	for i, u := range p.Streams.URLs {
		p.Streams.URLs[i] = ingests.Resolve(ctx, u)
		p.Info.StreamResults[i].Url = p.Streams.URLs[i].String()
	}
}

// streamResults are the stubs of the streams' results.
func (p *Plan) streamResults() []*livekit.StreamInfo {
	var all []*livekit.StreamInfo
	for _, u := range p.Streams.URLs {
		all = append(all, &livekit.StreamInfo{Url: u.String(), Status: livekit.StreamInfo_ACTIVE})
	}
	return all
}
