package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
)

// ErrNotNow is wrapped by what keeps this node from resuming an egress, and may not keep another one, or the same one
// later.
var ErrNotNow = errors.New("not on this node now")

// successor is what it takes to go on with an egress.
type successor interface {
	Write(ctx context.Context, r Record) error
	TakeEnd(ctx context.Context, r Record) (bool, error)
	Renew(ctx context.Context, ids []string, d time.Duration) (fresh []string, err error)
}

// Gone is an egress whose node is lost, to be resumed.
type Gone struct {
	Info  *livekit.EgressInfo // as it was told last
	Heard time.Time           // its last sign of life

	owned *Owned
	store reaperStore
	node  string
	lapse time.Duration
}

// Take makes next what comes after the try that is lost, whose end is told nobody from then on. Whatever could keep next
// from beginning should have been found out before. ErrElsewhere: how the egress ends has been decided meanwhile.
func (g *Gone) Take(ctx context.Context, next *livekit.EgressInfo) error {
	// Should this node die now, others find that next has a record and no lease, and look after it.
	if err := g.store.Write(ctx, Record{Node: g.node, Info: utils.CloneProto(next)}); err != nil {
		return fmt.Errorf("%w: %w", ErrNotNow, err)
	}
	first, err := g.store.TakeEnd(ctx, Record{Node: g.node, Info: g.Info, Delivered: true, Resumed: true})
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNotNow, err)
	case !first:
		return errors.Join(ErrElsewhere, g.store.Clear(ctx, Name(next)))
	}
	// Until next's own node renews it. If that fails, the next renewal is the first.
	_, _ = g.store.Renew(ctx, []string{Name(next)}, g.lapse)
	g.owned.quiet()
	return nil
}

// Stopped tells whether somebody has wished the end before Take.
func (g *Gone) Stopped() bool { return !g.owned.wish().IsZero() }

// resumes tells how it went with an egress that was to be resumed.
func (r *Reaper) resumes(id string, o *Owned, failed error) {
	ctx, now := context.Background(), time.Now()
	o.quiet()
	var err error
	switch {
	case failed == nil:
		r.log.Info("the egress of a lost node goes on here", "egressID", id)
		err = r.clear(ctx, id)
	case errors.Is(failed, ErrNotNow) && now.Sub(o.heard) < 2*r.times.Lost:
		r.log.Warn("the egress of a lost node is not resumed yet", "egressID", id, "error", failed)
		r.agenda.wait(id, now.Add(r.times.Lapse)) // others are asked first
		err = r.store.Disown(ctx, id)
	default:
		r.log.Warn("the egress of a lost node is not resumed", "egressID", id, "error", failed)
		r.tell(id, o.lost(now, failed))
		return
	}
	if err != nil {
		r.log.Warn("an egress could not be given up", "egressID", id, "error", err)
	}
	r.agenda.done(id)
}

// follow makes sure that a try is looked after that another one has been ended for: its node may have died before it
// began.
func (r *Reaper) follow(ctx context.Context, end Record) error {
	next := utils.CloneProto(end.Info)
	next.RetryCount++
	_, err := r.store.Read(ctx, Name(next))
	if errors.Is(err, ErrNone) {
		return nil // it has ended
	}
	if err == nil {
		_, err = r.store.Renew(ctx, []string{Name(next)}, r.times.Lapse)
	}
	return err
}
