package outputs

import "errors"

// StreamFault is at what a stream failed.
type StreamFault string

const (
	FaultConnect     StreamFault = "could not connect"       // no address, refused, timed out
	FaultCertificate StreamFault = "certificate not trusted" // TLS came about with somebody else
	FaultTLS         StreamFault = "TLS failed"              // no TLS came about
	FaultRejected    StreamFault = "rejected by the server"  // it answered, and does not want the stream
	FaultClosed      StreamFault = "connection lost"
	FaultStalled     StreamFault = "server takes no data"
	FaultChild       StreamFault = "ffmpeg failed"
)

// StreamError is why one try to send a stream ended. Its text holds no secret.
type StreamError struct {
	Fault StreamFault
	Err   error // nil when there is nothing more to say
}

func (e *StreamError) Error() string {
	if e.Err == nil {
		return string(e.Fault)
	}
	return string(e.Fault) + ": " + e.Err.Error()
}

func (e *StreamError) Unwrap() error { return e.Err }

// faultOf is the fault in err; "" = another error.
func faultOf(err error) StreamFault {
	var e *StreamError
	if errors.As(err, &e) {
		return e.Fault
	}
	return ""
}

// final is whether another try would end in the same way: the server does not know the key, or is not who it says.
// A server that took the stream before may only be restarting.
func final(err error, taken bool) bool {
	switch faultOf(err) {
	case FaultRejected, FaultCertificate:
		return !taken
	}
	return false
}
