package outlets

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	streamKey  = "planted-stream-key"
	otherKey   = "planted-other-key"
	passphrase = "planted-passphrase"
	streamID   = "planted-stream-id"
)

// rtmp streams to a real server beside a file.
func rtmp(length time.Duration, strict bool) accept.Case {
	return accept.Case{
		ID: "stream-rtmp", Line: 1, Title: fmt.Sprintf("RTMP beside a file, %v: what nginx recorded", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := newStudio(ctx, streamKey)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			if err := s.air(ctx, true, s.nginx.URL("live", streamKey)); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, started); err != nil {
				return err
			}
			if err := onAir(ctx, length); err != nil {
				return err
			}
			info, err := s.stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v: %s", info.Status, info.Error)
			whole(o, info.StreamResults[0], livekit.StreamInfo_FINISHED)
			s.secretless(o, info)
			if err := s.oneSession(ctx, o, "RTMP", streamKey, length, strict); err != nil {
				return err
			}
			return besides(ctx, o, info)
		},
	}
}

// oneSession judges the one session that a key has at the RTMP server, which lasts as long as said but for a second.
func (s *studio) oneSession(ctx context.Context, o *accept.Outcome, name, key string, length time.Duration, strict bool) error {
	return oneSession(ctx, o, s.nginx, name, key, length, strict)
}

func oneSession(ctx context.Context, o *accept.Outcome, nginx *rig.RTMPServer, name, key string, length time.Duration, strict bool) error {
	got, err := nginx.Recordings(key)
	if err != nil {
		return err
	}
	o.Want(len(got) == 1, "%s: %d sessions", name, len(got))
	if len(got) == 0 {
		return nil
	}
	seconds, err := received(ctx, o, name, got[0], []int{0}, strict)
	o.Want(seconds > length.Seconds()-1, "%s: %.1f s of %v", name, seconds, length)
	return err
}

// rtmps streams through TLS, and to a server whose certificate nobody vouches for.
func rtmps(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-rtmps", Line: 1, Title: "RTMPS: a trusted certificate, and one that is not",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := newStudio(ctx, streamKey, otherKey)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			good, err := s.front(s.certs)
			if err != nil {
				return err
			}
			defer func() { _ = good.Close() }()
			foreign, err := rig.NewCertificates(filepath.Join(s.dir, "foreign"), "localhost")
			if err != nil {
				return err
			}
			bad, err := s.front(foreign)
			if err != nil {
				return err
			}
			defer func() { _ = bad.Close() }()
			if err := s.air(ctx, false, rig.StreamURL("rtmps", good.Port, "live", streamKey), rig.StreamURL("rtmps", bad.Port, "live", otherKey)); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, started); err != nil {
				return err
			}
			if err := onAir(ctx, length); err != nil {
				return err
			}
			info, err := s.stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v: %s", info.Status, info.Error)
			whole(o, info.StreamResults[0], livekit.StreamInfo_FINISHED)
			whole(o, info.StreamResults[1], livekit.StreamInfo_FAILED)
			o.Add("the foreign certificate", "%s", info.StreamResults[1].Error)
			o.Want(info.StreamResults[1].Retries == 0, "tried again %d times", info.StreamResults[1].Retries)
			s.secretless(o, info)
			got, err := s.nginx.Recordings(otherKey)
			o.Want(err == nil && len(got) == 0, "the foreign server was given the stream")
			return s.oneSession(ctx, o, "RTMPS", streamKey, length, true)
		},
	}
}

// srt streams to a listener with passphrase and stream id.
func srt(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-srt", Line: 1, Title: "SRT with passphrase and stream id; the listener goes and comes back",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := newStudio(ctx, passphrase, streamID)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			first, err := rig.StartSRTListener(ctx, s.dir, "first", passphrase, 0)
			if err != nil {
				return err
			}
			defer first.Kill()
			url := fmt.Sprintf("srt://127.0.0.1:%d?passphrase=%s&streamid=%s&latency=200", first.Port, passphrase, streamID)
			if err := s.air(ctx, true, url); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, started); err != nil {
				return err
			}
			if err := onAir(ctx, length); err != nil {
				return err
			}
			first.Finish()
			second, err := rig.StartSRTListener(ctx, s.dir, "second", passphrase, first.Port)
			if err != nil {
				return err
			}
			defer second.Kill()
			if err := onAir(ctx, length); err != nil {
				return err
			}
			info, err := s.stop(ctx)
			if err != nil {
				return err
			}
			second.Finish()
			whole(o, info.StreamResults[0], livekit.StreamInfo_FINISHED)
			o.Want(info.StreamResults[0].Retries > 0, "no retry was told")
			s.secretless(o, info)
			for name, path := range map[string]string{"SRT": first.Path, "SRT after its return": second.Path} {
				if _, err := received(ctx, o, name, path, []int{0}, true); err != nil {
					return err
				}
			}
			return besides(ctx, o, info)
		},
	}
}
