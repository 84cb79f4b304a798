package service

import (
	"context"
	"log/slog"
	"time"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/plan"
)

// When a browser may be launched for the pool while egresses run: launching takes one and a half
// cores for half a second, which no start and no recording must feel.
const (
	launchCalm  = 10 * time.Second // since the last egress began
	launchCores = 1.5              // idle, over launchLook
	launchLook  = time.Second
)

// pool is the node's waiting browsers and the directory that they are in.
type pool struct {
	pool     browser.Pool
	sessions *sessions
	dir      *poolDir
}

func startPool(conf *config.Config, sessions *sessions, log *slog.Logger) (*pool, error) {
	dir, err := makePoolDir(conf.WorkDir)
	if err != nil {
		return nil, err
	}
	p := &pool{sessions: sessions, dir: dir}
	p.pool = browser.Pool{Size: conf.BrowserPool, Options: plan.PoolBrowser(conf, dir.path), Await: p.await, Log: log}
	if err := p.pool.Start(); err != nil {
		dir.remove()
		return nil, err
	}
	return p, nil
}

// browsers is for the sessions; nil when there is no pool.
func (p *pool) browsers() *browser.Pool {
	if p == nil {
		return nil
	}
	return &p.pool
}

// await returns when the node is idle enough for a launch: when no egress runs, or when none began
// for a while and cores are idle in spite of those that run. So a small node makes the next
// browser when its last egress ends, and a large one soon after the start of each.
func (p *pool) await(ctx context.Context) error {
	tick := time.NewTicker(launchLook)
	defer tick.Stop()
	before, err := lookIdle()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.sessions.empty():
			return nil
		case <-tick.C:
		}
		was := before
		if err != nil {
			continue // without the figures only an empty node will do
		}
		if before, err = lookIdle(); err == nil && p.sessions.sinceLast() >= launchCalm && before.coresSince(was) >= launchCores {
			return nil
		}
	}
}

// close ends the browsers that wait; there will be no others.
func (p *pool) close() { p.browsers().Close() }

// remove is for the end: also browsers that record have their files in the pool's directory.
func (p *pool) remove() {
	p.close()
	p.dir.remove()
}
