package publish

import (
	"fmt"
	"slices"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"

	"github.com/ffegress/ffegress/integration/card"
)

// Codecs of a picture and of sound. The empty ones are VP8 and Opus.
const (
	VP8  = "vp8"
	VP9  = "vp9"
	H264 = "h264"
	H265 = "h265"
	AV1  = "av1"

	Opus = "opus"
	PCMU = "pcmu"
	PCMA = "pcma"
)

// VideoCodecs and AudioCodecs are all that can be published.
var (
	VideoCodecs = []string{VP8, VP9, H264, H265, AV1}
	AudioCodecs = []string{Opus, PCMU, PCMA}
)

func checkCodecs(video, audio string) error {
	if video != "" && !slices.Contains(VideoCodecs, video) || audio != "" && !slices.Contains(AudioCodecs, audio) {
		return fmt.Errorf("codecs %q and %q are not known", video, audio)
	}
	return nil
}

// g711Rate is G.711's sample rate, g711Samples the length of a packet.
const (
	g711Rate    = 8000
	g711Samples = g711Rate / 50
)

// videoFormat is what the codec is in SDP, and what makes packets of its frames.
func videoFormat(codec string) (mime string, fmtp string, packets rtp.Payloader) {
	switch codec {
	case VP9:
		return webrtc.MimeTypeVP9, "profile-id=0", &codecs.VP9Payloader{FlexibleMode: true}
	case H264:
		return webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", &codecs.H264Payloader{}
	case H265:
		return webrtc.MimeTypeH265, "level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST", &codecs.H265Payloader{}
	case AV1:
		return webrtc.MimeTypeAV1, "", &codecs.AV1Payloader{}
	}
	return webrtc.MimeTypeVP8, "", &codecs.VP8Payloader{EnablePictureID: true}
}

// audioFormat is the same of sound, whose packets are samples long.
func audioFormat(codec string) (format webrtc.RTPCodecCapability, samples uint32, packets rtp.Payloader) {
	switch codec {
	case PCMU:
		return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: g711Rate}, g711Samples, &codecs.G711Payloader{}
	case PCMA:
		return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: g711Rate}, g711Samples, &codecs.G711Payloader{}
	}
	return webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: card.SampleRate, Channels: 2}, opusSamples, &codecs.OpusPayloader{}
}
