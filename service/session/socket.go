package session

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/plan"
)

// socketWait is how long packets may be out of order on their way to a WebSocket.
const socketWait = 60 * time.Millisecond

// socket makes the way of a track's sound to the request's WebSocket.
func (t *trackRecording) socket(track rtpfeed.Track) (trackSink, *outlet, error) {
	if err := plan.CheckSocket(track); err != nil {
		return nil, nil, err
	}
	out := &outputs.WebSocket{URL: t.plan.WebSocket.Reveal(), Log: t.log}
	sink, err := rtpfeed.NewPCM(track, out)
	if err != nil {
		return nil, nil, err
	}
	sink.Started = t.begun
	return sink, &outlet{name: "websocket", output: socketOutput{out}}, nil
}

// socketOutput gives a WebSocket's errors their codes.
type socketOutput struct{ *outputs.WebSocket }

func (o socketOutput) Start(ctx context.Context) error {
	if err := o.WebSocket.Start(ctx); err != nil {
		return psrpc.NewError(psrpc.InvalidArgument, err)
	}
	return nil
}

func (o socketOutput) Finish(ctx context.Context) (outputs.Result, error) {
	made, err := o.WebSocket.Finish(ctx)
	if err != nil {
		err = psrpc.NewError(psrpc.Unavailable, err)
	}
	return made, err
}

// socketReport tells of a WebSocket as of a stream.
type socketReport struct {
	info   *livekit.StreamInfo
	outlet *outlet
	state  func() outputs.StreamState
}

func (r socketReport) started(zero time.Time) { r.info.StartedAt = zero.UnixNano() }

func (r socketReport) progress(outputs.Result) {
	st := r.state()
	r.info.Retries, r.info.LastRetryAt = uint32(st.Retries), unixNano(st.LastRetry)
}

func (r socketReport) ended(made outputs.Result) {
	r.progress(made)
	r.info.EndedAt = time.Now().UnixNano()
	r.info.Duration = r.info.EndedAt - r.info.StartedAt
	r.info.Status = livekit.StreamInfo_FINISHED
	if r.outlet.err != nil {
		r.info.Status, r.info.Error = livekit.StreamInfo_FAILED, r.outlet.err.Error()
	}
}
