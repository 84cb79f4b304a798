package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/lease"
	"github.com/ffegress/ffegress/service/session"
)

// Backoff of updates that could not be delivered.
const (
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = time.Minute
)

// reporter tells livekit-server of one egress after the other, each in its own goroutine, so that
// one that cannot be delivered holds up no other.
type reporter struct {
	io      rpc.IOInfoClient
	timeout time.Duration // of one update
	log     *slog.Logger

	ctx    context.Context // ends when undelivered updates are given up
	cancel context.CancelFunc
	wg     sync.WaitGroup
	behind atomic.Int32 // reports whose last try failed
}

func newReporter(io rpc.IOInfoClient, timeout time.Duration, log *slog.Logger) *reporter {
	ctx, cancel := context.WithCancel(context.Background())
	return &reporter{io: io, timeout: timeout, log: log, ctx: ctx, cancel: cancel}
}

// healthy is false while livekit-server cannot be told of some egress.
func (r *reporter) healthy() bool { return r.behind.Load() == 0 }

// report is the way of one egress' states to livekit-server.
type report struct {
	reporter *reporter
	log      *slog.Logger
	wake     chan struct{}
	left     chan struct{}             // closed when no terminal state will come
	told     func()                    // called when the terminal state has arrived
	keep     func(*livekit.EgressInfo) // called with every state
	ends     ender                     // nil: nobody else tells of this egress
	doubt    bool                      // the terminal state may have arrived already

	mu     sync.Mutex
	latest *livekit.EgressInfo // not yet delivered
	silent bool
}

// ender decides whether the terminal state is told, and which, and knows whether another node has decided it.
type ender interface {
	Ended(ctx context.Context, name string) (bool, error)
	Take(ctx context.Context, info *livekit.EgressInfo) (tell *livekit.EgressInfo, again bool, err error)
	Delivered(ctx context.Context, info *livekit.EgressInfo)
}

var _ ender = (*lease.Ends)(nil)

// open makes the report of one egress. It only gathers states until start.
func (r *reporter) open(egressID string) *report {
	return &report{
		reporter: r, log: r.log.With("egressID", egressID), wake: make(chan struct{}, 1), left: make(chan struct{}),
		told: func() {}, keep: func(*livekit.EgressInfo) {},
	}
}

// leave says that the egress ends without a terminal state in this process; what is not delivered yet still is.
func (p *report) leave() { close(p.left) }

// start begins to tell livekit-server, which must know the egress by now. The report ends by itself
// after the terminal state.
func (p *report) start() {
	p.reporter.wg.Go(p.run)
}

// update queues a state; one that was not delivered yet is replaced by it. Nothing replaces a
// terminal state.
func (p *report) update(info *livekit.EgressInfo) {
	p.keep(info)
	p.mu.Lock()
	if (p.latest == nil || !session.Terminal(p.latest.Status)) && (!p.silent || session.Terminal(info.Status)) {
		p.latest = info
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// silence is called when another node has told the end: any other state would bring the egress back to life.
func (p *report) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = true
	if p.latest != nil && !session.Terminal(p.latest.Status) {
		p.latest = nil
	}
}

// take is the state to deliver now.
func (p *report) take() *livekit.EgressInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.latest
}

// delivered forgets info unless a newer state has come.
func (p *report) delivered(info *livekit.EgressInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.latest == info {
		p.latest = nil
	}
}

func (p *report) run() {
	backoff, behind := firstBackoff, false
	for {
		info := p.take()
		if info == nil {
			select {
			case <-p.wake:
				continue
			case <-p.left:
				return
			case <-p.reporter.ctx.Done():
				return
			}
		}
		send := p.state
		if session.Terminal(info.Status) {
			send = p.end
		}
		err := send(info)
		// What another node is telling is no sign that livekit-server cannot be told.
		if failed := err != nil && !errors.Is(err, lease.ErrElsewhere); behind != failed {
			behind = failed
			p.reporter.count(behind)
		}
		if err == nil {
			p.delivered(info)
			if session.Terminal(info.Status) {
				p.told()
				return
			}
			backoff = firstBackoff
			continue
		}
		p.log.Warn("livekit-server could not be told of the egress", "status", info.Status, "error", err, "retryIn", backoff)
		select {
		case <-time.After(backoff):
		case <-p.reporter.ctx.Done():
			p.log.Error("giving up an undelivered update", "status", info.Status, "error", err)
			return
		}
		backoff = min(2*backoff, lastBackoff)
	}
}

// state makes one try to tell a state that is not the last, unless another node has ended the egress or goes on with it:
// a process that was stopped for a while finds its sources gone before it is told that it was taken for lost.
func (p *report) state(info *livekit.EgressInfo) error {
	if p.ends != nil {
		ctx, cancel := context.WithTimeout(p.reporter.ctx, p.reporter.timeout)
		defer cancel()
		ended, err := p.ends.Ended(ctx, lease.Name(info))
		if err != nil && !lease.Refused(err) {
			return err
		}
		if ended {
			p.log.Info("another node tells of the egress", "status", info.Status)
			return nil
		}
	}
	return p.send(info)
}

// end makes one try to tell the terminal state, unless it has been told.
func (p *report) end(info *livekit.EgressInfo) error {
	again := false
	if p.ends != nil {
		ctx, cancel := context.WithTimeout(p.reporter.ctx, p.reporter.timeout)
		defer cancel()
		var err error
		if info, again, err = p.ends.Take(ctx, info); err != nil || info == nil {
			return err
		}
	}
	if again || p.doubt {
		known, err := p.reporter.known(p.reporter.ctx, info.EgressId)
		if err != nil && unanswered(err) {
			return err
		}
		if err == nil && session.Terminal(known.Status) {
			p.noteEnd(info)
			return nil
		}
	}
	p.doubt = true // the state may arrive and the answer be lost
	err := p.send(info)
	if err == nil {
		p.noteEnd(info)
	}
	return err
}

func (p *report) noteEnd(info *livekit.EgressInfo) {
	if p.ends != nil {
		p.ends.Delivered(context.WithoutCancel(p.reporter.ctx), info)
	}
}

// known asks livekit-server for an egress.
func (r *reporter) known(ctx context.Context, id string) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return r.io.GetEgress(ctx, &rpc.GetEgressRequest{EgressId: id}, psrpc.WithRequestTimeout(r.timeout))
}

// send makes one try. An answer that will not change is no reason to try again, but for the
// terminal state, which is never dropped.
func (p *report) send(info *livekit.EgressInfo) error {
	r := p.reporter
	ctx, cancel := context.WithTimeout(r.ctx, r.timeout)
	defer cancel()
	_, err := r.io.UpdateEgress(ctx, info, psrpc.WithRequestTimeout(r.timeout))
	if err == nil || session.Terminal(info.Status) || unanswered(err) {
		return err
	}
	p.log.Error("livekit-server refused an update", "status", info.Status, "error", err)
	return nil
}

// unanswered tells errors of the way from errors of the server.
func unanswered(err error) bool {
	var e psrpc.Error
	if !errors.As(err, &e) {
		return true
	}
	switch e.Code() {
	case psrpc.Canceled, psrpc.DeadlineExceeded, psrpc.Unavailable, psrpc.ResourceExhausted:
		return true
	}
	return false
}

func (r *reporter) count(behind bool) {
	if behind {
		r.behind.Add(1)
	} else {
		r.behind.Add(-1)
	}
}

// close waits until every terminal state is delivered or ctx ends.
func (r *reporter) close(ctx context.Context) {
	stop := context.AfterFunc(ctx, r.cancel)
	defer stop()
	r.wg.Wait()
	r.cancel()
}
