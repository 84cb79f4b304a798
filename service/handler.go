package service

import (
	"context"
	"fmt"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/session"
)

var errNotStreaming = psrpc.NewErrorf(psrpc.InvalidArgument, "UpdateStream called on non-streaming egress")

var _ rpc.EgressHandlerServerImpl = (*handler)(nil)

// handler answers the calls that name one egress.
type handler struct {
	rpc.UnimplementedEgressHandlerServer
	session *session.Session
}

// serveHandler makes the egress reachable under its id.
func (s *Service) serveHandler(id string, run *session.Session) (rpc.EgressHandlerServer, error) {
	srv, err := rpc.NewEgressHandlerServer(&handler{session: run}, s.bus, rpc.WithServerObservability(busLogger(s.log)))
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
	return h.session.Stop(ctx, session.ReasonAPI)
}

// UpdateStream is refused: no egress has stream outputs yet.
func (h *handler) UpdateStream(context.Context, *livekit.UpdateStreamRequest) (*livekit.EgressInfo, error) {
	return nil, errNotStreaming
}
