package service

import (
	"context"
	"log/slog"
	"time"

	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"google.golang.org/protobuf/proto"
)

// serverOptions count the calls that are answered, and log them. What the library itself would log has requests in it, and
// no egress id.
func serverOptions(log *slog.Logger) psrpc.ServerOption {
	return psrpc.WithServerOptions(
		rpc.WithServerObservability(logger.GetDiscardLogger()),
		psrpc.WithServerRPCInterceptors(func(ctx context.Context, req proto.Message, info psrpc.RPCInfo, answer psrpc.ServerRPCHandler) (proto.Message, error) {
			began := time.Now()
			res, err := answer(ctx, req)
			logCall(ctx, log, "call answered", info, req, began, err)
			return res, err
		}),
	)
}

// clientOptions do the same for calls that are made.
func clientOptions(log *slog.Logger, extra ...psrpc.ClientOption) psrpc.ClientOption {
	return psrpc.WithClientOptions(
		rpc.WithClientObservability(logger.GetDiscardLogger()),
		psrpc.WithClientRPCInterceptors(func(info psrpc.RPCInfo, next psrpc.ClientRPCHandler) psrpc.ClientRPCHandler {
			return func(ctx context.Context, req proto.Message, opts ...psrpc.RequestOption) (proto.Message, error) {
				began := time.Now()
				res, err := next(ctx, req, opts...)
				logCall(ctx, log, "call made", info, req, began, err)
				return res, err
			}
		}),
		psrpc.WithClientOptions(extra...),
	)
}

// logCall tells of a call. What its failure means is for its maker to tell.
func logCall(ctx context.Context, log *slog.Logger, what string, info psrpc.RPCInfo, req proto.Message, began time.Time, err error) {
	if !log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	if r, ok := req.(interface{ GetEgressId() string }); ok && r.GetEgressId() != "" {
		log = log.With("egressID", r.GetEgressId())
	}
	if err != nil {
		log = log.With("error", err)
	}
	log.DebugContext(ctx, what, "service", info.Service, "method", info.Method, "took", time.Since(began))
}
