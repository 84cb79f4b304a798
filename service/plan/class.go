package plan

import "github.com/livekit/protocol/rpc"

// Class is what is known of a request at a glance: by it the request is reckoned before it is planned.
type Class struct {
	Type        string
	Page        bool // a browser shows what is recorded
	SoundOnly   bool
	Passthrough bool // tracks are recorded as they come
}

// Classify reads no more of a request than its class takes. Its error is that of New.
func Classify(req *rpc.StartEgressRequest) (Class, error) {
	w, err := wishOf(req)
	if err != nil {
		return Class{}, err
	}
	return Class{Type: w.kind, Page: !w.tracksOnly, SoundOnly: !w.video, Passthrough: w.passthrough()}, nil
}
