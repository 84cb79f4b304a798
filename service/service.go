package service

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/session"
)

// uploadGrace is how long uploads are still awaited after the last recordings had to end.
const uploadGrace = 30 * time.Second

// reportWait bounds how long the end of the service waits for updates that cannot be delivered.
const reportWait = 30 * time.Second

// Service is one node. Make it with New, run it once.
type Service struct {
	conf     *config.Config
	bus      *Bus
	io       rpc.IOInfoClient
	rpc      rpc.EgressInternalServer
	template *browser.TemplateServer
	browsers *pool // nil without
	reporter *reporter
	sessions *sessions
	syncer   workfile.Syncer // of the work dir
	ingests  outputs.Ingests
	debts    *session.Debts
	gate     *admit.Gate
	onAir    onAir
	metrics  *metrics
	leases   *leases
	log      *slog.Logger

	draining  atomic.Bool
	reachable atomic.Bool // Redis answers
	running   sync.WaitGroup
	recording context.Context // ends when running sessions must end
	end       context.CancelFunc
	leave     context.CancelFunc // uploads are left on disk from then on
}

// New connects the node to its bus; it serves nothing before Run. The bus stays the caller's.
func New(conf *config.Config, bus *Bus, log *slog.Logger) (*Service, error) {
	if err := makeWorkDir(conf.WorkDir); err != nil {
		return nil, err
	}
	debts, err := NewDebts(conf, log)
	if err != nil {
		return nil, err
	}
	gate, err := newGate(conf.CPUCost, log)
	if err != nil {
		return nil, err
	}
	initStats(conf.NodeID, conf.ClusterID)
	var extra []psrpc.ClientOption
	if d := conf.IOSelectionTimeout; d > 0 {
		extra = append(extra, psrpc.WithClientSelectTimeout(d))
	}
	io, err := rpc.NewIOInfoClient(bus, clientOptions(log, extra...))
	if err != nil {
		return nil, fmt.Errorf("make IOInfo client: %w", err)
	}
	s := &Service{
		conf: conf, bus: bus, io: io, log: log, debts: debts,
		reporter: newReporter(io, conf.IOUpdateTimeout, log),
		sessions: newSessions(), gate: gate, metrics: newMetrics(conf.NodeID, conf.ClusterID),
	}
	s.reachable.Store(true)
	s.sessions.freed = gate.Release
	s.debts.Tried = s.metrics.tried
	s.metrics.labelled.MustRegister(&gauges{s})
	s.ingests.Log = log
	s.debts.Leave, s.leave = context.WithCancel(context.Background())
	s.recording, s.end = context.WithCancel(context.Background())
	s.template = &browser.TemplateServer{Addr: fmt.Sprintf("127.0.0.1:%d", conf.TemplatePort)}
	if s.leases, err = newLeases(s); err != nil {
		return nil, err
	}
	s.rpc, err = rpc.NewEgressInternalServer(s, bus, serverOptions(log))
	if err != nil {
		return nil, fmt.Errorf("make EgressInternal server: %w", err)
	}
	return s, nil
}

// Run serves requests until ctx ends, then drains: no new egress, the running ones go on until they
// end by themselves, hurry is closed, or the drain timeout has passed; then they are ended
// gracefully. It returns when all are delivered and told.
func (s *Service) Run(ctx context.Context, hurry <-chan struct{}) error {
	browser.Sweep(s.log)
	if err := s.template.Start(); err != nil {
		return fmt.Errorf("serve the room template: %w", err)
	}
	defer func() { _ = s.template.Close(context.Background()) }()
	open, err := s.openPorts()
	if err != nil {
		return err
	}
	defer open.close()
	if n := s.conf.BrowserPool; n > 0 {
		if s.browsers, err = startPool(s.conf, s.sessions, s.log); err != nil {
			return err
		}
		defer s.browsers.remove()
	}
	if err := s.rpc.RegisterStartEgressTopic(s.conf.ClusterID); err != nil {
		return fmt.Errorf("serve StartEgress: %w", err)
	}
	if err := s.rpc.RegisterListActiveEgressTopic(""); err != nil {
		return fmt.Errorf("serve ListActiveEgress: %w", err)
	}
	census, err := s.serveCensus()
	if err != nil {
		return err
	}
	defer census.Close(false)
	s.log.Info("service ready", "nodeID", s.conf.NodeID)
	var beside sync.WaitGroup
	paying, stopPaying := context.WithCancel(context.Background())
	beside.Go(func() { s.debts.Queue.Run(paying) })
	beside.Go(func() { s.recoverDead(ctx) })
	beside.Go(func() { newWatcher(s).run(paying) })
	beside.Go(func() { s.ping(paying) })
	beside.Go(func() { s.leases.keeper.Run(paying) })
	s.leases.reaper.Run(ctx)
	s.drain(hurry)
	stopPaying()
	beside.Wait()
	return nil
}

// drain ends the service in the order in which nothing is lost.
func (s *Service) drain(hurry <-chan struct{}) {
	s.draining.Store(true)
	s.rpc.DeregisterStartEgressTopic(s.conf.ClusterID)
	s.log.Info("draining", "egresses", len(s.sessions.ids()), "timeout", s.conf.DrainTimeout)
	s.browsers.close()
	var deadline <-chan time.Time // never, when there is no bound
	if s.conf.DrainTimeout > 0 {
		t := time.NewTimer(s.conf.DrainTimeout)
		defer t.Stop()
		deadline = t.C
	}
	select {
	case <-s.sessions.empty():
	case <-hurry:
	case <-deadline:
	}
	s.end()
	grace := time.AfterFunc(uploadGrace, s.leave)
	defer grace.Stop()
	s.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), reportWait)
	defer cancel()
	s.reporter.close(ctx)
	s.rpc.Shutdown()
}
