package service

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/service/session"
)

var _ rpc.EgressHandlerServerImpl = (*handler)(nil)

// handler answers the calls that name one egress.
type handler struct {
	rpc.UnimplementedEgressHandlerServer
	session *session.Session
	over    atomic.Bool // another node has told the end
}

// serveHandler makes the egress reachable under its id.
func (s *Service) serveHandler(id string, h rpc.EgressHandlerServerImpl) (rpc.EgressHandlerServer, error) {
	srv, err := rpc.NewEgressHandlerServer(h, s.bus, serverOptions(s.log))
	if err != nil {
		return nil, fmt.Errorf("serve egress %s: %w", id, err)
	}
	if err := srv.RegisterStopEgressTopic(id); err != nil {
		srv.Kill()
		return nil, fmt.Errorf("serve egress %s: %w", id, err)
	}
	if err := srv.RegisterUpdateStreamTopic(id); err != nil {
		srv.Kill()
		return nil, fmt.Errorf("serve egress %s: %w", id, err)
	}
	return srv, nil
}

// StopEgress schedules the end and answers with the info as it stands.
func (h *handler) StopEgress(ctx context.Context, _ *livekit.StopEgressRequest) (*livekit.EgressInfo, error) {
	if h.over.Load() {
		return nil, session.ErrOver
	}
	return h.session.Stop(ctx, session.ReasonAPI)
}

// UpdateStream adds and takes out streams and answers with the info as it stands then.
func (h *handler) UpdateStream(ctx context.Context, req *livekit.UpdateStreamRequest) (*livekit.EgressInfo, error) {
	if h.over.Load() {
		return nil, session.ErrOver
	}
	return h.session.UpdateStream(ctx, req.AddOutputUrls, req.RemoveOutputUrls)
}
