package rtpfeed

import (
	"slices"
	"strings"

	sdk "github.com/livekit/server-sdk-go/v2/pkg/interceptor"
	"github.com/pion/interceptor"
)

const nack = "nack" // RFC 4585 section 4.2

// lostSound asks for packets of sound that did not come. The SDK offers no generic NACK (RFC 4585 section 6.2.1) for sound,
// and so its own generator asks for pictures only; livekit-server keeps what it has sent of both, and answers for both.
type lostSound struct {
	sdk.NackGeneratorInterceptorFactory
}

var _ interceptor.Factory = (*lostSound)(nil)

func (f *lostSound) NewInterceptor(id string) (interceptor.Interceptor, error) {
	asks, err := f.NackGeneratorInterceptorFactory.NewInterceptor(id)
	return soundOnly{asks}, err
}

// soundOnly shows an interceptor only streams of sound, as if NACK had been agreed on for them.
type soundOnly struct{ interceptor.Interceptor }

func (s soundOnly) BindRemoteStream(info *interceptor.StreamInfo, in interceptor.RTPReader) interceptor.RTPReader {
	agreed := slices.ContainsFunc(info.RTCPFeedback, func(f interceptor.RTCPFeedback) bool { return f.Type == nack && f.Parameter == "" })
	if agreed || !strings.HasPrefix(strings.ToLower(info.MimeType), "audio/") {
		return in
	}
	with := *info
	with.RTCPFeedback = append(slices.Clone(info.RTCPFeedback), interceptor.RTCPFeedback{Type: nack})
	return s.Interceptor.BindRemoteStream(&with, in)
}
