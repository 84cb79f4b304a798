package outlets

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// The bars of issue D, line 5, for each further RTMP stream.
const (
	senderCPU = 0.02     // cores
	senderPSS = 25 << 20 // bytes
)

// senderCost is what a stream costs: its child, and what the recorder itself takes more with three streams than with one.
func senderCost(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-cost", Line: 5, Title: "what each further RTMP stream costs",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			s, err := newStudio(ctx, streamKey)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			if err := s.air(ctx, false, s.nginx.URL("live", streamKey)); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, started); err != nil {
				return err
			}
			one, err := s.burden(ctx, length)
			if err != nil {
				return err
			}
			more := &livekit.UpdateStreamRequest{EgressId: s.id, AddOutputUrls: []string{s.nginx.URL("live", "second-of-three"), s.nginx.URL("live", "third-of-three")}}
			if _, err := s.API.UpdateStream(ctx, more); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, func(all []*livekit.StreamInfo) bool { return len(all) == 3 && started(all) }); err != nil {
				return err
			}
			three, err := s.burden(ctx, length)
			if err != nil {
				return err
			}
			if _, err := s.stop(ctx); err != nil {
				return err
			}
			cpu := (three.senders + three.recorder - one.senders - one.recorder) / 2
			pss := (three.pss - one.pss) / 2
			o.Add("recorder with one stream, with three", "%.3f, %.3f cores", one.recorder, three.recorder)
			o.Add("senders, one and three", "%.3f, %.3f cores", one.senders, three.senders)
			o.Add("each further stream", "%.3f cores, %.1f MB (PSS of child and recorder)", cpu, float64(pss)/1e6)
			o.Want(cpu <= senderCPU, "a further stream takes %.3f cores", cpu)
			o.Want(pss <= senderPSS, "a further stream takes %d bytes", pss)
			return nil
		},
	}
}

// load is what the recorder and its senders take.
type load struct {
	recorder, senders float64 // cores
	pss               int64   // bytes of both
}

func (s *studio) burden(ctx context.Context, length time.Duration) (load, error) {
	if err := onAir(ctx, 3*time.Second); err != nil { // until the first burst is over
		return load{}, err
	}
	before, err := s.parts()
	if err != nil {
		return load{}, err
	}
	begin := time.Now()
	if err := onAir(ctx, length); err != nil {
		return load{}, err
	}
	after, err := s.parts()
	if err != nil {
		return load{}, err
	}
	seconds, l := time.Since(begin).Seconds(), load{}
	for pid, p := range after {
		cores := (p.CPU - before[pid].CPU) / seconds
		if l.pss += p.PSS; pid == s.Egress.PID {
			l.recorder += cores
		} else {
			l.senders += cores
		}
	}
	return l, nil
}

// parts are the recorder and its senders by process id.
func (s *studio) parts() (map[int]rig.Process, error) {
	all, err := rig.Descendants(s.Egress.PID)
	if err != nil {
		return nil, err
	}
	parts := map[int]rig.Process{}
	for _, p := range all {
		if p.PID == s.Egress.PID || isSender(p) {
			parts[p.PID] = p
		}
	}
	return parts, nil
}
