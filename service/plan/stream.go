package plan

import (
	"net/url"
	"slices"
	"strings"

	"github.com/livekit/protocol/livekit"
)

const rtmpFormat = "rtmp urls must be of format rtmp(s)://{host}(/{path})/{app}/{stream_key}( live=1)"

// schemes are the protocols by url scheme.
var schemes = map[string]livekit.StreamProtocol{
	"rtmp": livekit.StreamProtocol_RTMP, "rtmps": livekit.StreamProtocol_RTMP,
	"mux": livekit.StreamProtocol_RTMP, "twitch": livekit.StreamProtocol_RTMP,
	"srt": livekit.StreamProtocol_SRT,
	"ws":  livekit.StreamProtocol_WEBSOCKET, "wss": livekit.StreamProtocol_WEBSOCKET,
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
		protocol, err := streamProtocol(raw, i == 0 && s.Protocol == livekit.StreamProtocol_DEFAULT_PROTOCOL)
		if err != nil {
			return err
		}
		if o.streamProtocol == livekit.StreamProtocol_DEFAULT_PROTOCOL {
			o.streamProtocol = protocol
		}
		if protocol != o.streamProtocol || protocol == livekit.StreamProtocol_WEBSOCKET && !o.v2 {
			return errURL(raw, "invalid scheme")
		}
	}
	if o.streamProtocol == livekit.StreamProtocol_WEBSOCKET && !o.v2 {
		return errField("output type")
	}
	return nil
}

func streamProtocol(raw string, first bool) (livekit.StreamProtocol, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	protocol, known := schemes[scheme]
	switch {
	case (!ok || !known) && first:
		return 0, errURL(raw, "invalid protocol")
	case !ok || !known:
		return 0, errURL(raw, "invalid scheme")
	case scheme == "mux" || scheme == "twitch":
		return protocol, nil
	case protocol == livekit.StreamProtocol_RTMP:
		// host/app/key; the key may be empty.
		if host, path, ok := strings.Cut(rest, "/"); !ok || host == "" || !strings.Contains(path, "/") {
			return 0, errURL(raw, rtmpFormat)
		}
		return protocol, nil
	}
	if _, err := url.Parse(raw); err != nil {
		return 0, errURL(raw, "it cannot be parsed")
	}
	return protocol, nil
}

func isURL(raw string, allowed ...string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && slices.Contains(allowed, u.Scheme)
}
