package rtpfeed

import (
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// rtcpLog keeps what is asked for.
type rtcpLog struct{ asked []uint16 }

func (l *rtcpLog) Write(packets []rtcp.Packet, _ interceptor.Attributes) (int, error) {
	for _, p := range packets {
		if n, ok := p.(*rtcp.TransportLayerNack); ok {
			for _, pair := range n.Nacks {
				l.asked = append(l.asked, pair.PacketList()...)
			}
		}
	}
	return 0, nil
}

func TestLostSoundIsAskedFor(t *testing.T) {
	agreed := []interceptor.RTCPFeedback{{Type: "nack"}}
	for name, c := range map[string]struct {
		info interceptor.StreamInfo
		want []uint16
	}{
		"sound":                       {interceptor.StreamInfo{MimeType: "audio/opus"}, []uint16{3, 5}},
		"sound, agreed on":            {interceptor.StreamInfo{MimeType: "audio/opus", RTCPFeedback: agreed}, nil}, // by the SDK's own
		"picture":                     {interceptor.StreamInfo{MimeType: "video/VP8", RTCPFeedback: agreed}, nil},
		"picture, not even agreed on": {interceptor.StreamInfo{MimeType: "video/VP8"}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, log := &lostSound{}, &rtcpLog{}
			i, err := f.NewInterceptor("")
			if err != nil {
				t.Fatal(err)
			}
			i.BindRTCPWriter(log)
			sent := []uint16{1, 2, 4, 6, 7, 8, 9, 10}
			read := i.BindRemoteStream(&c.info, interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
				if len(sent) == 0 {
					return 0, nil, io.EOF
				}
				n, err := (&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: sent[0]}}).MarshalTo(b)
				sent = sent[1:]
				time.Sleep(20 * time.Millisecond)
				return n, a, err
			}))
			for err == nil {
				_, _, err = read.Read(make([]byte, maxPacket), nil)
			}
			slices.Sort(log.asked)
			if got := slices.Compact(log.asked); !slices.Equal(got, c.want) {
				t.Errorf("%s: asked for %v, want %v", name, got, c.want)
			}
		})
	}
}
