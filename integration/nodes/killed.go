package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// recorded is how long recordings run before something happens.
const recorded = 3 * time.Second

// promptly is how fast a dead egress answers.
const promptly = time.Second

// goneText is in the error of an egress whose node does not come back.
const goneText = "the node that recorded this egress is gone"

// withPair runs a case in which a recording runs.
func withPair(lost time.Duration, run func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error) func(context.Context, *accept.Outcome) error {
	return func(ctx context.Context, o *accept.Outcome) error {
		p, err := newPair(ctx, lost, false)
		if err != nil {
			return err
		}
		t, err := p.record(ctx, "voice.ogg")
		if err == nil {
			err = lab.Pause(ctx, recorded)
		}
		if err == nil {
			err = run(ctx, o, p, t)
		}
		return errors.Join(err, p.close())
	}
}

// neverBack kills a recorder for good. On a machine that does other things beside, nothing is timed.
func neverBack(lost time.Duration, timed bool) accept.Case {
	return accept.Case{
		ID: "kill-never-back", Line: 3, Title: fmt.Sprintf("SIGKILL of a recorder that never comes back, node_lost_after %v", lost),
		Run: withPair(lost, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			killed := time.Now()
			t.by.Kill()
			if err := p.owned(ctx, t, 0); err != nil {
				return err
			}
			o.Add("SIGKILL to a survivor speaking for it", "%.1f s", time.Since(killed).Seconds())
			if err := p.stopDead(ctx, o, t.id, timed); err != nil {
				return err
			}
			final, err := p.end(ctx, t.id)
			if err != nil {
				return err
			}
			took := time.Since(killed)
			o.Add("SIGKILL to FAILED", "%.1f s", took.Seconds())
			o.Want(took >= lost-time.Second && (!timed || took <= lost+5*time.Second), "it took %v to be given up, want %v", took, lost)
			o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && final.ErrorCode == 500 && strings.HasPrefix(final.Error, goneText),
				"%v %d %q", final.Status, final.ErrorCode, final.Error)
			off := time.Unix(0, final.EndedAt).Sub(killed).Abs()
			o.Want(!timed || off <= 2*time.Second, "it is said to have ended %v off", off)
			if err := p.once(ctx, o, t.id); err != nil {
				return err
			}
			return p.recoverByHand(ctx, o, t)
		}),
	}
}

// stopDead stops an egress whose node is gone.
func (p *pair) stopDead(ctx context.Context, o *accept.Outcome, id string, timed bool) error {
	asked := time.Now()
	info, err := p.API.Stop(ctx, id)
	took := time.Since(asked)
	if err != nil {
		o.Want(false, "stop a dead egress: %v", err)
		return nil
	}
	o.Add("StopEgress on a dead one", "%v after %d ms, %q", info.Status, took.Milliseconds(), info.Details)
	o.Want(info.Status == livekit.EgressStatus_EGRESS_ENDING && (!timed || took <= promptly), "%v after %v", info.Status, took)
	asked = time.Now()
	_, err = p.API.UpdateStream(ctx, &livekit.UpdateStreamRequest{EgressId: id, AddOutputUrls: []string{"rtmp://127.0.0.1/live/x"}})
	took = time.Since(asked)
	o.Add("UpdateStream on a dead one", "%v after %d ms", err, took.Milliseconds())
	var refused *rig.APIError
	o.Want(errors.As(err, &refused) && (!timed || took <= promptly), "%v after %v", err, took)
	return nil
}

// once makes sure that exactly one end was told, and that nothing is left in Redis.
func (p *pair) once(ctx context.Context, o *accept.Outcome, id string) error {
	n, err := p.ends(ctx, id)
	if err != nil {
		return err
	}
	o.Add("webhooks of the end", "%d", n)
	o.Want(n == 1, "%d webhooks of the end", n)
	items, err := p.API.List(ctx, &livekit.ListEgressRequest{EgressId: id})
	if err != nil {
		return err
	}
	o.Want(len(items) == 1 && rig.Terminal(items[0]), "livekit-server lists %v", items)
	left := p.left(ctx, id)
	o.Want(left == "", "left in Redis: %s", left)
	return nil
}

// recoverByHand gets at what a recorder has left that does not come back.
func (p *pair) recoverByHand(ctx context.Context, o *accept.Outcome, t *taken) error {
	out, err := exec.CommandContext(ctx, p.Binary, "recover", "--config", t.by.Config).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffegress recover: %w: %s", err, out)
	}
	return p.delivered(ctx, o, t)
}

func (p *pair) delivered(ctx context.Context, o *accept.Outcome, t *taken) error {
	length, err := delivered(ctx, t.path)
	if err != nil {
		return err
	}
	o.Add("file", "decodes, %.1f s", length)
	o.Want(length >= recorded.Seconds()-1, "the file has %.1f s, recorded were %v at least", length, recorded)
	return nil
}

// back kills a recorder that comes back in time: it tells the end itself.
func back(id, title string, after, lost time.Duration) accept.Case {
	return accept.Case{
		ID: id, Line: 3, Title: fmt.Sprintf("SIGKILL of a recorder, %s (%v), node_lost_after %v", title, after, lost),
		Run: withPair(lost, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			t.by.Kill()
			if err := lab.Pause(ctx, after); err != nil {
				return err
			}
			if err := p.restart(ctx, t.by); err != nil {
				return err
			}
			final, err := p.end(ctx, t.id)
			if err != nil {
				return err
			}
			o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && strings.HasPrefix(final.Error, "ffegress was killed"), "%v %q", final.Status, final.Error)
			o.Want(len(final.FileResults) == 1 && final.FileResults[0].Location == t.path, "files %v", final.FileResults)
			return errors.Join(p.once(ctx, o, t.id), p.delivered(ctx, o, t))
		}),
	}
}

// backLate kills a recorder that comes back when its egress has been ended by another one.
func backLate(after time.Duration) accept.Case {
	return accept.Case{
		ID: "kill-back-late", Line: 3, Title: fmt.Sprintf("SIGKILL of a recorder, back after %v, node_lost_after %v", after, usual),
		Run: withPair(usual, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			killed := time.Now()
			t.by.Kill()
			final, err := p.end(ctx, t.id)
			if err != nil {
				return err
			}
			o.Want(strings.HasPrefix(final.Error, goneText), "%v %q", final.Status, final.Error)
			if err := lab.Pause(ctx, after-time.Since(killed)); err != nil {
				return err
			}
			if err := p.restart(ctx, t.by); err != nil {
				return err
			}
			if err := p.delivered(ctx, o, t); err != nil {
				return err
			}
			if err := p.once(ctx, o, t.id); err != nil {
				return err
			}
			return until(ctx, "the egress' directory is gone", func() bool {
				_, err := os.Stat(filepath.Join(t.by.WorkDir, t.id))
				return os.IsNotExist(err)
			})
		}),
	}
}

// bothRestart kills both recorders, each with an egress, and then has them restarted as for an upgrade.
func bothRestart() accept.Case {
	return accept.Case{
		ID: "both-restart", Line: 3, Title: fmt.Sprintf("both recorders are restarted: by SIGKILL, and by SIGTERM; node_lost_after %v", usual),
		Run: withPair(usual, func(ctx context.Context, o *accept.Outcome, p *pair, t *taken) error {
			second, err := p.elsewhere(ctx, t, "second.ogg")
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, recorded); err != nil {
				return err
			}
			p.nodes[0].Kill()
			p.nodes[1].Kill()
			if err := p.restartBoth(ctx); err != nil {
				return err
			}
			for _, one := range []*taken{t, second} {
				final, err := p.end(ctx, one.id)
				if err != nil {
					return err
				}
				o.Want(final.Status == livekit.EgressStatus_EGRESS_FAILED && strings.HasPrefix(final.Error, "ffegress was killed"), "%v %q", final.Status, final.Error)
				if err := errors.Join(p.once(ctx, o, one.id), p.delivered(ctx, o, one)); err != nil {
					return err
				}
			}
			third, err := p.record(ctx, "third.ogg")
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, recorded); err != nil {
				return err
			}
			for _, n := range p.nodes {
				if _, err := n.Stop(patience); err != nil {
					return err
				}
			}
			if err := p.restartBoth(ctx); err != nil {
				return err
			}
			final, err := p.end(ctx, third.id)
			if err != nil {
				return err
			}
			o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v %q", final.Status, final.Error)
			return errors.Join(p.once(ctx, o, third.id), p.delivered(ctx, o, third))
		}),
	}
}

func (p *pair) restartBoth(ctx context.Context) error {
	for _, n := range p.nodes {
		if err := p.restart(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// elsewhere starts a recording on the recorder that does not have t.
func (p *pair) elsewhere(ctx context.Context, t *taken, name string) (*taken, error) {
	if err := stand(t.by); err != nil {
		return nil, err
	}
	second, err := p.record(ctx, name)
	if err := errors.Join(err, goOn(t.by)); err != nil {
		return nil, err
	}
	if second.by == t.by {
		return nil, errors.New("both egresses are on one recorder")
	}
	return second, nil
}
