package service

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/protocol/utils"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/lease"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/service/session"
)

// Answers to StartEgress that are not about the request.
var (
	errDraining = psrpc.NewErrorf(psrpc.Unavailable, "server is shutting down")
	errExists   = psrpc.NewErrorf(psrpc.AlreadyExists, "egress already exists")
)

// Affinities: load packs onto busy nodes, which keeps idle ones free.
const (
	affinityNone float32 = -1
	affinityIdle float32 = 0.5
	affinityBusy float32 = 1
)

var _ rpc.EgressInternalServerImpl = (*Service)(nil)

// StartEgressAffinity is this node's bid for a request.
func (s *Service) StartEgressAffinity(_ context.Context, req *rpc.StartEgressRequest) float32 {
	if why := s.closed(); why != "" {
		s.log.Warn("no bid for an egress", "egressID", req.EgressId, "reason", why)
		return affinityNone
	}
	return s.bid(req)
}

// ListActiveEgress tells the ids of all egresses that run here.
func (s *Service) ListActiveEgress(context.Context, *rpc.ListActiveEgressRequest) (*rpc.ListActiveEgressResponse, error) {
	ids := s.sessions.ids()
	for i := range ids {
		ids[i] = plan.EgressOf(ids[i]) // of a later try, whose process has died
	}
	return &rpc.ListActiveEgressResponse{EgressIds: ids}, nil
}

// StartEgress accepts a request and starts its session. A request that is refused leaves no trace.
func (s *Service) StartEgress(ctx context.Context, req *rpc.StartEgressRequest) (*livekit.EgressInfo, error) {
	accepted := time.Now()
	if s.draining.Load() || !s.reporter.healthy() {
		return nil, errDraining
	}
	if !s.sessions.reserve(req.EgressId) {
		return nil, errExists
	}
	if err := s.admit(req); err != nil {
		s.sessions.remove(req.EgressId)
		return nil, err
	}
	info, err := s.start(ctx, req)
	if err != nil {
		s.log.Warn("egress refused", "egressID", req.EgressId, "error", err)
		return nil, err
	}
	s.log.Info("egress accepted", "egressID", req.EgressId, "took", time.Since(accepted))
	return info, nil
}

// start runs after the id was reserved, which it frees again when it fails.
func (s *Service) start(ctx context.Context, req *rpc.StartEgressRequest) (*livekit.EgressInfo, error) {
	p, err := s.plan(ctx, req)
	if err != nil {
		s.sessions.remove(req.EgressId)
		return nil, err
	}
	info := utils.CloneProto(p.Info)
	l, err := s.launch(ctx, p, req, info)
	if err != nil {
		s.sessions.remove(req.EgressId)
		return nil, err
	}
	// The launch goes on meanwhile; no update is sent before livekit-server knows the egress.
	if err := s.create(ctx, info); err != nil {
		l.known <- false
		_, _ = l.run.Stop(context.WithoutCancel(ctx), session.ReasonFailure)
		return nil, err
	}
	l.tell()
	return info, nil
}

// launched is a session that has begun.
type launched struct {
	run   *session.Session
	rep   *report
	known chan bool // whether livekit-server has heard of it
}

// tell has livekit-server, which knows the egress, be told how it goes.
func (l launched) tell() {
	l.known <- true
	l.rep.start()
}

// launch begins the session of a plan, whose id was reserved. Nobody is told before tell is called.
func (s *Service) launch(ctx context.Context, p *plan.Plan, req *rpc.StartEgressRequest, info *livekit.EgressInfo) (launched, error) {
	rep := s.reporter.open(req.EgressId)
	run := session.New(p, session.Options{
		OnUpdate: s.noting(rep), Syncer: &s.syncer, Browsers: s.browsers.browsers(), Ingests: &s.ingests,
		Debts: s.debts, Recorded: func() { s.sessions.settle(req.EgressId) }, Log: s.log,
	})
	calls := &handler{session: run}
	h, err := s.serveHandler(req.EgressId, calls)
	if err != nil {
		return launched{}, err
	}
	s.onAir.add(p, req, run)
	s.leases.hold(ctx, info, holder{run, rep, calls})
	l := launched{run, rep, make(chan bool, 1)}
	s.running.Go(func() { s.run(lease.Name(info), p, h, l) })
	return l, nil
}

// noting hands states on, and has the gate know since when the egress records.
func (s *Service) noting(rep *report) func(*livekit.EgressInfo) {
	return func(info *livekit.EgressInfo) {
		if info.Status == livekit.EgressStatus_EGRESS_ACTIVE {
			s.gate.Active(info.EgressId)
		}
		rep.update(info)
	}
}

// plan checks the request and the place where its file will be.
func (s *Service) plan(ctx context.Context, req *rpc.StartEgressRequest) (*plan.Plan, error) {
	p, err := plan.New(s.conf, req)
	if err != nil {
		return nil, err
	}
	p.Resolve(ctx, &s.ingests)
	return p, p.Prepare()
}

// create tells livekit-server of the new egress.
func (s *Service) create(ctx context.Context, info *livekit.EgressInfo) error {
	timeout := s.conf.IOCreateTimeout
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := s.io.CreateEgress(ctx, info, psrpc.WithRequestTimeout(timeout))
	return err
}

// run is the life of one session; name is its lease's.
func (s *Service) run(name string, p *plan.Plan, h rpc.EgressHandlerServer, l launched) {
	id := p.EgressID
	info := l.run.Run(s.recording)
	h.Shutdown()
	switch told := <-l.known; {
	case l.run.Ceded():
		l.rep.leave()
		l.run.Release()
	case !session.Terminal(info.Status):
		s.leases.leave(name, s.conf.UploadReportDeadline)
		l.rep.leave()
	case !told:
		s.leases.drop(name)
		l.run.Release()
	}
	s.onAir.remove(id)
	s.metrics.ended(p.Type, info)
	s.sessions.remove(id)
	if len(s.sessions.ids()) == 0 {
		debug.FreeOSMemory() // pictures took many megabytes, for which an idle node has no use
	}
	s.log.Info("egress ended", "egressID", id, "status", info.Status, "error", info.Error, "details", info.Details)
	s.log.Debug("resources", "egressID", id, "goroutines", runtime.NumGoroutine())
}
