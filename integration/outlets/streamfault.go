package outlets

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// outage kills the RTMP server and brings it back inside the window.
func outage(length, away time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-outage", Line: 3, Title: fmt.Sprintf("the RTMP server is killed and back after %v: one new session, the file whole", away),
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
			s.nginx.Kill()
			if err := onAir(ctx, away); err != nil {
				return err
			}
			if err := s.nginx.Restart(ctx); err != nil {
				return err
			}
			back := time.Now()
			if err := s.takenAgain(ctx, 2); err != nil {
				return err
			}
			o.Add("taken again after the server's return", "%.1f s", time.Since(back).Seconds())
			o.Want(time.Since(back) < 5*time.Second, "taken again after %v only", time.Since(back))
			if err := onAir(ctx, length); err != nil {
				return err
			}
			info, err := s.stop(ctx)
			if err != nil {
				return err
			}
			whole(o, info.StreamResults[0], livekit.StreamInfo_FINISHED)
			o.Add("retries", "%d", info.StreamResults[0].Retries)
			o.Want(info.StreamResults[0].Retries > 0, "no retry was told")
			s.secretless(o, info)
			got, err := s.nginx.Recordings(streamKey)
			if err != nil {
				return err
			}
			o.Want(len(got) == 2, "%d sessions", len(got))
			if len(got) > 0 {
				if _, err := received(ctx, o, "after the return", got[len(got)-1], []int{0}, false); err != nil {
					return err
				}
			}
			return besides(ctx, o, info)
		},
	}
}

// takenAgain waits until servers have taken streams so many times in all.
func (s *studio) takenAgain(ctx context.Context, times int) error {
	return s.says(ctx, 40*time.Second, times, "stream is taken")
}

// says waits until the recorder's log has so many lines with the texts.
func (s *studio) says(ctx context.Context, within time.Duration, times int, texts ...string) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		n, err := s.Egress.Said(texts...)
		if err != nil || n >= times {
			return err
		}
		if err := onAir(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the recorder says %q %d times: %w", texts, n, err)
		}
	}
}

// faults does something to each of three streams while a fourth and the file go on.
func faults(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stream-faults", Line: 3, Title: "one stream reset, one frozen, one throttled to half; a fourth and the file lose nothing",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			keys := []string{"planted-key-reset", "planted-key-frozen", "planted-key-slow"}
			s, err := newStudio(ctx, append(keys, streamKey)...)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			urls, proxies := []string{s.nginx.URL("live", streamKey)}, []*rig.FaultProxy(nil)
			for _, key := range keys {
				p, err := s.front(nil)
				if err != nil {
					return err
				}
				defer func() { _ = p.Close() }()
				proxies, urls = append(proxies, p), append(urls, rig.StreamURL("rtmp", p.Port, "live", key))
			}
			if err := s.air(ctx, true, urls...); err != nil {
				return err
			}
			if _, err := s.streams(ctx, 20*time.Second, started); err != nil {
				return err
			}
			if err := onAir(ctx, length); err != nil {
				return err
			}
			begin := time.Now()
			proxies[0].Reset()
			proxies[1].Freeze()
			proxies[2].Throttle(1500 * 1000 / 8 / 2)
			if err := s.says(ctx, 20*time.Second, 1, "stream lost", "connection lost"); err != nil {
				return err
			}
			if err := s.takenAgain(ctx, 5); err != nil {
				return err
			}
			o.Add("taken again after a reset", "%.1f s", time.Since(begin).Seconds())
			o.Want(time.Since(begin) < 5*time.Second, "taken again %v after a reset", time.Since(begin))
			if err := s.says(ctx, 20*time.Second, 1, "stream lost", "server takes no data"); err != nil {
				return err
			}
			o.Add("a frozen server noticed after", "%.1f s", time.Since(begin).Seconds())
			o.Want(time.Since(begin) <= 10*time.Second, "a frozen server noticed after %v", time.Since(begin))
			if err := onAir(ctx, length); err != nil {
				return err
			}
			healed := time.Now()
			for _, p := range proxies[1:] {
				if err := p.Heal(); err != nil {
					return err
				}
			}
			if err := s.takenAgain(ctx, 6); err != nil {
				return err
			}
			o.Add("taken again after the thaw", "%.1f s", time.Since(healed).Seconds())
			o.Want(time.Since(healed) < 5*time.Second, "taken again %v after the thaw", time.Since(healed))
			if err := onAir(ctx, length); err != nil {
				return err
			}
			info, err := s.stop(ctx)
			if err != nil {
				return err
			}
			for i, r := range info.StreamResults {
				whole(o, r, livekit.StreamInfo_FINISHED)
				o.Want((r.Retries > 0) == (i == 1 || i == 2), "stream %d was tried %d times again", i, r.Retries)
			}
			s.secretless(o, info)
			inOrder(o, s.Webhooks.Egress(s.id))
			if err := s.oneSession(ctx, o, "the fourth", streamKey, 3*length, false); err != nil {
				return err
			}
			return besides(ctx, o, info)
		},
	}
}

// refused streams to a server that refuses, to one that is not there and to one that hangs up each time; in the end none
// is left.
func refused() accept.Case {
	return accept.Case{
		ID: "stream-refused", Line: 3, Title: "a server that refuses fails at once, one that is not there or hangs up after the window; then the egress",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			const third = "planted-third-key"
			s, err := newStudio(ctx, streamKey, otherKey, third)
			if err != nil {
				return err
			}
			defer func() { _ = s.close() }()
			ports, err := rig.FreePorts(1)
			if err != nil {
				return err
			}
			begin := time.Now()
			err = s.air(ctx, false, s.nginx.URL("closed", streamKey), rig.StreamURL("rtmp", ports[0], "live", otherKey), s.nginx.URL("fickle", third))
			if err != nil {
				return err
			}
			info, err := s.end(ctx)
			if err != nil {
				return err
			}
			o.Add("the egress' end", "%.1f s after the request: %v, %d, %s", time.Since(begin).Seconds(), info.Status, info.ErrorCode, info.Error)
			o.Want(info.Status == livekit.EgressStatus_EGRESS_FAILED && info.ErrorCode == 503, "%v, %d", info.Status, info.ErrorCode)
			all := info.StreamResults
			for i, begins := range []string{"rejected by the server", "could not connect", "connection lost"} {
				whole(o, all[i], livekit.StreamInfo_FAILED)
				o.Add(all[i].Url, "%d retries: %s", all[i].Retries, all[i].Error)
				o.Want(strings.HasPrefix(all[i].Error, begins), "%s: %s", all[i].Url, all[i].Error)
				o.Want((all[i].Retries >= 5) == (i > 0) && (i > 0 || all[i].Retries == 0), "%s: %d retries", all[i].Url, all[i].Retries)
			}
			for _, r := range all[1:] {
				window := time.Duration(r.EndedAt - all[0].EndedAt)
				o.Add("given up after", "%.1f s", window.Seconds())
				o.Want(window > 24*time.Second && window < 33*time.Second, "%s: given up after %v", r.Url, window)
			}
			s.secretless(o, info)
			return nil
		},
	}
}
