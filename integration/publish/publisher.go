package publish

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// lead is how long before frame 0 the zero is chosen, so that all tracks
// start together.
const lead = 100 * time.Millisecond

// Publisher is a set of participants that are sending.
type Publisher struct {
	zero         time.Time
	participants []*participant
	cache        Cache
	run          context.Context // ends with Close
	cancel       context.CancelFunc
	wg           sync.WaitGroup
	done         chan struct{}

	mu  sync.Mutex
	err error
}

// Start makes the material that is missing, joins every participant and
// publishes; it returns once all tracks are published and sending begins.
// The context ends joining only; Close ends the participants.
func Start(ctx context.Context, o Options) (*Publisher, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := o.Prepare(ctx); err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	run, cancel := context.WithCancel(context.Background())
	p := &Publisher{participants: make([]*participant, o.Participants), cache: o.Cache, run: run, cancel: cancel, done: make(chan struct{})}
	var g errgroup.Group
	for id := range o.Participants {
		g.Go(func() (err error) {
			p.participants[id], err = join(ctx, o, id, p.fail)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		p.Close()
		return nil, err
	}
	p.zero = time.Now().Add(lead)
	for _, who := range p.participants {
		p.send(who.sources)
		log.Info("published", "identity", who.identity, "tracks", who.tracks)
	}
	return p, nil
}

func (p *Publisher) send(sources []*source) {
	for _, s := range sources {
		p.wg.Go(func() {
			if err := s.run(p.run, p.zero); err != nil {
				p.fail(err)
			}
		})
	}
}

// Zero is the moment at which frame 0 and sample 0 of every participant left.
func (p *Publisher) Zero() time.Time { return p.zero }

// Tracks gives the track SIDs of a participant: sound first, then picture.
func (p *Publisher) Tracks(id int) []string { return p.participants[id].tracks }

// Done is closed when a participant was lost or after Close.
func (p *Publisher) Done() <-chan struct{} { return p.done }

// Err says why Done was closed; nil after Close.
func (p *Publisher) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Publisher) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
	default:
		p.err = err
		close(p.done)
	}
}

// Close stops sending and leaves the room.
func (p *Publisher) Close() {
	p.cancel()
	p.fail(nil)
	p.wg.Wait()
	for _, who := range p.participants {
		if who != nil {
			who.room.Disconnect()
		}
	}
}
