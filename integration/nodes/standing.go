package nodes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// stands stops a recorder with SIGSTOP for a while, and one of its two egresses meanwhile.
func stands(length, lost time.Duration) accept.Case {
	return accept.Case{
		ID: "stop-20s", Line: 3, Title: fmt.Sprintf("SIGSTOP of a recorder for %v, node_lost_after %v: leases lapse, nothing ends", length, lost),
		Run: withPair(lost, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			stopped, err := p.record(ctx, "stopped.ogg")
			if err != nil {
				return err
			}
			if stopped.by != t.by {
				return errors.New("the egresses are on two recorders")
			}
			if err := stand(t.by); err != nil {
				return err
			}
			begun := time.Now()
			if err := p.owned(ctx, stopped, 1); err != nil {
				return errors.Join(err, goOn(t.by))
			}
			o.Add("SIGSTOP to a survivor speaking for it", "%.1f s", time.Since(begun).Seconds())
			err = p.stopDead(ctx, o, stopped.id, true)
			if err == nil {
				err = lab.Pause(ctx, length-time.Since(begun))
			}
			if err := errors.Join(err, goOn(t.by)); err != nil {
				return err
			}
			resumed := time.Now()
			final, err := p.end(ctx, stopped.id)
			if err != nil {
				return err
			}
			o.Add("SIGCONT to the end of the one that was stopped meanwhile", "%.1f s", time.Since(resumed).Seconds())
			o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE, "the one that was stopped: %v %q", final.Status, final.Error)
			if err := errors.Join(p.once(ctx, o, stopped.id), p.delivered(ctx, o, stopped)); err != nil {
				return err
			}
			return p.goesOn(ctx, o, t)
		}),
	}
}

// standsTooLong stops a recorder with SIGSTOP until its egress has been ended by the other one.
func standsTooLong(length time.Duration) accept.Case {
	return accept.Case{
		ID: "stop-too-long", Line: 3, Title: fmt.Sprintf("SIGSTOP of a recorder for %v, node_lost_after %v: it is taken for lost", length, usual),
		Run: withPair(usual, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			if err := stand(t.by); err != nil {
				return err
			}
			begun := time.Now()
			final, err := p.end(ctx, t.id)
			if err == nil {
				err = lab.Pause(ctx, length-time.Since(begun))
			}
			if err := errors.Join(err, goOn(t.by)); err != nil {
				return err
			}
			o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && strings.HasPrefix(final.Error, goneText), "%v %q", final.Status, final.Error)
			if err := errors.Join(p.delivered(ctx, o, t), p.once(ctx, o, t.id)); err != nil {
				return err
			}
			_, err = p.API.Stop(ctx, t.id)
			o.Add("StopEgress afterwards", "%v", err)
			o.Want(err != nil && strings.Contains(err.Error(), "EGRESS_FAILED"), "StopEgress afterwards: %v", err)
			return nil
		}),
	}
}

// goesOn makes sure that an egress is still recorded, ends it, and looks at what came of it.
func (p *pair) goesOn(ctx context.Context, o *accept.Outcome, t *taken) error {
	return p.goesOnUntil(ctx, o, t, func() error {
		_, err := p.API.Stop(ctx, t.id)
		return err
	})
}

func (p *pair) goesOnUntil(ctx context.Context, o *accept.Outcome, t *taken, stop func() error) error {
	items, err := p.API.List(ctx, &livekit.ListEgressRequest{EgressId: t.id})
	// livekit-server whose Redis has forgotten everything knows no egress until its next state comes.
	var unknown *rig.APIError
	if err != nil && (!errors.As(err, &unknown) || unknown.Status != http.StatusNotFound) {
		return err
	}
	for _, i := range items {
		o.Want(i.Status == livekit.EgressStatus_EGRESS_ACTIVE, "it is %v %q", i.Status, i.Error)
	}
	if err := lab.Pause(ctx, recorded); err != nil {
		return err
	}
	if err := stop(); err != nil {
		return err
	}
	final, err := p.end(ctx, t.id)
	if err != nil {
		return err
	}
	o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v %q", final.Status, final.Error)
	return errors.Join(p.once(ctx, o, t.id), p.delivered(ctx, o, t))
}

// redisRestarts ends Redis, which keeps nothing, and starts it again.
func redisRestarts() accept.Case {
	return accept.Case{
		ID: "redis-restart", Line: 3, Title: fmt.Sprintf("Redis restarts and has forgotten everything, node_lost_after %v", usual),
		Run: withPair(usual, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			if err := p.Redis.Restart(ctx); err != nil {
				return err
			}
			begun := time.Now()
			if err := until(ctx, "the lease is back", func() bool {
				body, err := p.redis.Get(ctx, "ffegress:lease:"+t.id).Result()
				return err == nil && strings.Contains(body, "EGRESS_ACTIVE")
			}); err != nil {
				return err
			}
			o.Add("Redis is back to the lease being back", "%.1f s", time.Since(begun).Seconds())
			if err := lab.Pause(ctx, 2*usual); err != nil {
				return err
			}
			// livekit-server has forgotten the egress as well, and stops none that it does not know.
			return p.goesOnUntil(ctx, o, t, func() error {
				p.voice.Close()
				p.voice = nil
				return nil
			})
		}),
	}
}

// redisAway has Redis stand still for longer than node_lost_after.
func redisAway(length time.Duration) accept.Case {
	return accept.Case{
		ID: "redis-away", Line: 3, Title: fmt.Sprintf("Redis does not answer for %v, node_lost_after %v", length, usual),
		Run: withPair(usual, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			if err := p.Redis.Signal(syscall.SIGSTOP); err != nil {
				return err
			}
			err := lab.Pause(ctx, length)
			if err := errors.Join(err, p.Redis.Signal(syscall.SIGCONT)); err != nil {
				return err
			}
			if err := lab.Pause(ctx, 2*usual); err != nil {
				return err
			}
			return p.goesOn(ctx, o, t)
		}),
	}
}
