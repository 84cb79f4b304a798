package rtpfeed

import "testing"

func TestParseCodec(t *testing.T) {
	for mime, want := range map[string]Codec{
		"audio/opus": Opus, "audio/OPUS": Opus, "audio/PCMU": PCMU, "audio/pcma": PCMA,
		"video/H264": H264, "video/h265": H265, "video/vp8": VP8, "video/VP9": VP9, "video/AV1": AV1,
	} {
		got, err := ParseCodec(mime)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", mime, got, err, want)
		}
		if got.Video() != (mime[0] == 'v') {
			t.Errorf("%s: video %v", mime, got.Video())
		}
	}
	for _, mime := range []string{"", "audio/red", "video/flexfec-03", "opus"} {
		if got, err := ParseCodec(mime); err == nil {
			t.Errorf("%q is %v", mime, got)
		} else if want := mime + " is not yet supported"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}
