package session

import (
	"errors"
	"net/http"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"
)

// Reasons for the details field of EgressInfo, each told as "End reason: …".
const (
	ReasonAPI         = "StopEgress API"
	ReasonSource      = "Source closed"
	ReasonLimit       = "Session limit reached"
	ReasonShutdown    = "Service shutting down"
	ReasonInterrupted = "Interrupted"
	ReasonLost        = "Node was taken for lost"
	ReasonFailure     = "Failure"
	ReasonCPU         = "CPU exhausted"
	ReasonMemory      = "Memory exhausted"
)

const reasonPrefix = "End reason: "

// Error texts of egresses that ended before they were active.
const (
	textNoStartSignal   = "Start signal not received"
	textStoppedEarly    = "Stop called before pipeline could start"
	textLimitBeforeOpen = "Session limit reached before start signal"
)

// ending says why an egress ends: with an error, or for a reason that is none.
type ending struct {
	reason string
	err    error
}

func failure(err error) *ending { return &ending{reason: ReasonFailure, err: err} }

// active gives the terminal status, error text and code of an egress that was active.
func (e *ending) active() (livekit.EgressStatus, string, int32) {
	switch {
	case e.err != nil:
		return livekit.EgressStatus_EGRESS_FAILED, e.err.Error(), errorCode(e.err)
	case e.reason == ReasonLimit:
		return livekit.EgressStatus_EGRESS_LIMIT_REACHED, ReasonLimit, http.StatusRequestEntityTooLarge
	default:
		return livekit.EgressStatus_EGRESS_COMPLETE, "", 0
	}
}

// starting gives the same for an egress that never became active. awaiting tells that the source was
// open and only its start signal was missing.
func (e *ending) starting(awaiting bool) (livekit.EgressStatus, string, int32) {
	if e.err != nil {
		return livekit.EgressStatus_EGRESS_FAILED, e.err.Error(), errorCode(e.err)
	}
	text := textStoppedEarly
	switch {
	case awaiting:
		text = textNoStartSignal
	case e.reason == ReasonLimit:
		text = textLimitBeforeOpen
	}
	return livekit.EgressStatus_EGRESS_ABORTED, text, http.StatusPreconditionFailed
}

// errorCode is the HTTP status of a psrpc error; 0 for any other error and for psrpc's Unknown.
func errorCode(err error) int32 {
	var e psrpc.Error
	if !errors.As(err, &e) || e.Code() == psrpc.Unknown {
		return 0
	}
	return int32(e.ToHttp())
}
