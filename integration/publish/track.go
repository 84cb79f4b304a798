package publish

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// mtu bounds an RTP packet so that it passes any path with its extensions.
const mtu = 1200

// source is one track with a timetable: unit n leaves at zero + at(n), with
// media time n·step ticks of its RTP clock.
type source struct {
	track   *lksdk.LocalTrack
	step    uint32
	at      func(n int64) time.Duration
	payload func(n int64) []byte
	level   func(n int64) *uint8 // audio level in −dBov, nil for video
	packer  rtp.Packetizer
}

func newVideoSource(codec string, m *Material, opts ...lksdk.LocalTrackOptions) (*source, error) {
	mime, fmtp, packets := videoFormat(codec)
	track, err := lksdk.NewLocalTrack(webrtc.RTPCodecCapability{
		MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"}},
	}, opts...)
	if err != nil {
		return nil, err
	}
	return &source{
		track:   track,
		step:    90000 / card.FPS,
		at:      func(n int64) time.Duration { return time.Duration(n) * time.Second / card.FPS },
		payload: func(n int64) []byte { return m.Frames[n%int64(len(m.Frames))] },
		packer:  rtp.NewPacketizer(mtu, 0, 0, packets, rtp.NewRandomSequencer(), 90000),
	}, nil
}

func newAudioSource(codec string, m *Material, level func(n int64) *uint8) (*source, error) {
	format, samples, packets := audioFormat(codec)
	track, err := lksdk.NewLocalTrack(format)
	if err != nil {
		return nil, err
	}
	return &source{
		track:   track,
		step:    samples,
		at:      func(n int64) time.Duration { return time.Duration(n) * 20 * time.Millisecond },
		payload: func(n int64) []byte { return m.Packets[n%int64(len(m.Packets))] },
		level:   level,
		packer:  rtp.NewPacketizer(mtu, 0, 0, packets, rtp.NewRandomSequencer(), format.ClockRate),
	}, nil
}

// drifts has a clock that runs faster by ppm millionths.
func (s *source) drifts(ppm float64) {
	at := s.at
	s.at = func(n int64) time.Duration { return time.Duration(float64(at(n)) / (1 + ppm*1e-6)) }
}

// first is the unit that comes next at a moment: what is published late does not begin with the first.
func (s *source) first(since time.Duration) int64 {
	n := int64(0)
	for s.at(n) < since {
		n++
	}
	return n
}

// run sends until ctx ends or the track is closed.
func (s *source) run(ctx context.Context, zero time.Time) error {
	timer := time.NewTimer(time.Until(zero))
	defer timer.Stop()
	for n := s.first(time.Since(zero)); ; n++ {
		timer.Reset(time.Until(zero.Add(s.at(n))))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		var opts *lksdk.SampleWriteOptions
		if s.level != nil {
			opts = &lksdk.SampleWriteOptions{AudioLevel: s.level(n)}
		}
		for _, p := range s.packer.Packetize(s.payload(n), s.step) {
			if err := s.track.WriteRTP(p, opts); err != nil {
				// A track that was taken away, or whose connection is being made anew, sends nothing.
				if !errors.Is(err, io.ErrClosedPipe) {
					return err
				}
			}
		}
	}
}
