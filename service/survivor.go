package service

import (
	"context"
	"errors"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/lease"
	"github.com/ffegress/ffegress/service/session"
)

var (
	errUnheard = errors.New("no node answers on the bus, not even this one")
	// errGone is what a change of streams is answered with.
	errGone = psrpc.NewErrorf(psrpc.FailedPrecondition, "the node of this egress is gone; its streams cannot be updated")
)

// survivor is what the reaper of leases needs of the service.
type survivor struct {
	service  *Service
	nodes    rpc.EgressInternalClient
	handlers rpc.EgressHandlerClient
	wait     time.Duration // for answers
}

var _ lease.Node = (*survivor)(nil)

// Running asks all nodes what runs on them. This one answers too, by the same way.
func (s *survivor) Running(ctx context.Context) (map[string]bool, error) {
	answers, err := s.nodes.ListActiveEgress(ctx, "", &rpc.ListActiveEgressRequest{}, psrpc.WithRequestTimeout(s.wait))
	if err != nil {
		return nil, err
	}
	running, heard := map[string]bool{}, false
	for a := range answers {
		if a.Err != nil {
			continue
		}
		heard = true
		for _, id := range a.Result.EgressIds {
			running[id] = true
		}
	}
	if !heard {
		return nil, errUnheard
	}
	return running, nil
}

// Known asks livekit-server for an egress that has not ended.
func (s *survivor) Known(ctx context.Context, id string) (*livekit.EgressInfo, error) {
	info, err := s.service.reporter.known(ctx, id)
	switch {
	case err == nil && !session.Terminal(info.Status):
		return info, nil
	case err != nil && unanswered(err):
		return nil, err
	}
	return nil, lease.ErrNone
}

// Speak answers for an egress whose node is gone.
func (s *survivor) Speak(id string, o *lease.Owned) (quiet func(), err error) {
	srv, err := s.service.serveHandler(id, &stray{owned: o})
	if err != nil {
		return nil, err
	}
	return srv.Shutdown, nil
}

// Tell tells the end of an egress of another node.
func (s *survivor) Tell(info *livekit.EgressInfo, told func()) {
	rep := s.service.reporter.open(info.EgressId)
	rep.ends, rep.doubt, rep.told = s.service.leases.ends, true, told
	rep.update(info)
	rep.start()
}

// Stop passes on that somebody has wished the end while the egress' node was away.
func (s *survivor) Stop(id string) {
	_, err := s.handlers.StopEgress(context.Background(), id, &livekit.StopEgressRequest{EgressId: id}, psrpc.WithRequestTimeout(s.wait))
	if err != nil {
		s.service.log.Warn("an egress that was to be stopped goes on", "egressID", id, "error", err)
	}
}

var _ rpc.EgressHandlerServerImpl = (*stray)(nil)

// stray answers the calls that name an egress whose node is gone.
type stray struct {
	rpc.UnimplementedEgressHandlerServer
	owned *lease.Owned
}

// StopEgress notes the wish and answers with the info as it stands.
func (s *stray) StopEgress(context.Context, *livekit.StopEgressRequest) (*livekit.EgressInfo, error) {
	return s.owned.Stop(), nil
}

// UpdateStream is refused: nobody is there who could stream.
func (s *stray) UpdateStream(context.Context, *livekit.UpdateStreamRequest) (*livekit.EgressInfo, error) {
	return nil, errGone
}
