package plan

import (
	"net/url"
	"slices"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
)

// schemes are the protocols by url scheme.
var schemes = map[string]livekit.StreamProtocol{
	"rtmp": livekit.StreamProtocol_RTMP, "rtmps": livekit.StreamProtocol_RTMP,
	"mux": livekit.StreamProtocol_RTMP, "twitch": livekit.StreamProtocol_RTMP,
	"srt": livekit.StreamProtocol_SRT,
	"ws":  livekit.StreamProtocol_WEBSOCKET, "wss": livekit.StreamProtocol_WEBSOCKET,
}

// protocols are what plans and outputs call the same.
var protocols = map[livekit.StreamProtocol]outputs.StreamProtocol{
	livekit.StreamProtocol_RTMP: outputs.RTMP,
	livekit.StreamProtocol_SRT:  outputs.SRT,

	livekit.StreamProtocol_WEBSOCKET: outputs.PCM,
}

// checkStream resolves the protocol and checks each url.
func (o *outputSet) checkStream() error {
	s := o.stream
	if s == nil {
		return nil
	}
	if _, ok := livekit.StreamProtocol_name[int32(s.Protocol)]; !ok {
		return errField("stream protocol")
	}
	o.streamProtocol = s.Protocol
	if len(s.Urls) == 0 {
		// Streams can be added later, but only beside something that is being recorded.
		if s.Protocol == livekit.StreamProtocol_DEFAULT_PROTOCOL || !o.stores() {
			return errField("stream url")
		}
	}
	for i, raw := range s.Urls {
		scheme, _, _ := strings.Cut(raw, "://")
		protocol, known := schemes[scheme]
		switch {
		case !known && i == 0 && s.Protocol == livekit.StreamProtocol_DEFAULT_PROTOCOL:
			return errURL(raw, "invalid protocol")
		case o.streamProtocol == livekit.StreamProtocol_DEFAULT_PROTOCOL:
			o.streamProtocol = protocol
		}
		if protocol == livekit.StreamProtocol_WEBSOCKET && !o.v2 {
			return errURL(raw, "invalid scheme")
		}
		u, err := StreamURL(raw, protocols[o.streamProtocol])
		if err != nil {
			return err
		}
		o.urls = append(o.urls, u)
	}
	if o.streamProtocol == livekit.StreamProtocol_WEBSOCKET && !o.v2 {
		return errField("output type")
	}
	return nil
}

// StreamURL reads a url for an egress whose streams have the protocol given, also one that is added to it or taken out
// while it runs. The error is a psrpc error without secrets.
func StreamURL(raw string, protocol outputs.StreamProtocol) (outputs.StreamURL, error) {
	scheme, _, ok := strings.Cut(raw, "://")
	if !ok || protocol == "" || protocols[schemes[scheme]] != protocol {
		return outputs.StreamURL{}, errURL(raw, "invalid scheme")
	}
	u, err := outputs.ParseStreamURL(raw)
	if err != nil {
		return outputs.StreamURL{}, errURL(raw, err.Error())
	}
	return u, nil
}

// ErrStreamNotFound is the answer to taking out a stream that is not there.
func ErrStreamNotFound(u outputs.StreamURL) error {
	return psrpc.NewErrorf(psrpc.NotFound, "stream %s not found", u)
}

func isURL(raw string, allowed ...string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && slices.Contains(allowed, u.Scheme)
}
