package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"github.com/livekit/psrpc/pkg/client"
	"github.com/livekit/psrpc/pkg/info"
	"github.com/livekit/psrpc/pkg/rand"
	"github.com/livekit/psrpc/pkg/server"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The call that each ffegress on a Redis answers, with its report as JSON. It is no call of livekit-server's.
const (
	censusService = "FFEgressNode"
	censusMethod  = "Report"
)

// censusRounds is how often all are asked: the first time their answers may come before Redis knows who wants them.
const censusRounds = 2

func censusDefinition(id string) *info.ServiceDefinition {
	sd := &info.ServiceDefinition{Name: censusService, ID: id}
	sd.RegisterMethod(censusMethod, false, true, false, false)
	return sd
}

// serveCensus has the node answer, be it full or draining.
func (s *Service) serveCensus() (*server.RPCServer, error) {
	srv := server.NewRPCServer(censusDefinition(rand.NewServerID()), s.bus, serverOptions(s.log))
	answer := func(context.Context, *emptypb.Empty) (*wrapperspb.BytesValue, error) {
		text, err := json.Marshal(s.report())
		return wrapperspb.Bytes(text), err
	}
	if err := server.RegisterHandler(srv, censusMethod, []string{""}, answer, nil); err != nil {
		srv.Close(true)
		return nil, fmt.Errorf("serve %s: %w", censusMethod, err)
	}
	return srv, nil
}

// Census asks all nodes on the bus how they stand, and waits for their answers that long. others is how many egress
// services answer livekit-server beside them: LiveKit Egress, or a version that knows no census.
func Census(ctx context.Context, bus *Bus, wait time.Duration, log *slog.Logger) (nodes []NodeReport, others int, err error) {
	initStats("", "")
	asking, err := client.NewRPCClient(censusDefinition(rand.NewClientID()), bus, clientOptions(log))
	if err != nil {
		return nil, 0, fmt.Errorf("make census client: %w", err)
	}
	defer asking.Close()
	egress, err := rpc.NewEgressInternalClient(bus, clientOptions(log))
	if err != nil {
		return nil, 0, fmt.Errorf("make EgressInternal client: %w", err)
	}
	defer egress.Close()
	byID, services := map[string]NodeReport{}, 0
	for range censusRounds {
		span := psrpc.WithRequestTimeout(wait / censusRounds)
		lists, err := egress.ListActiveEgress(ctx, "", &rpc.ListActiveEgressRequest{}, span)
		if err != nil {
			return nil, 0, fmt.Errorf("ask for active egresses: %w", err)
		}
		reports, err := client.RequestMulti[*wrapperspb.BytesValue](ctx, asking, censusMethod, []string{""}, &emptypb.Empty{}, span)
		if err != nil {
			return nil, 0, fmt.Errorf("ask for reports: %w", err)
		}
		for r := range reports {
			var n NodeReport
			if r.Err == nil && json.Unmarshal(r.Result.Value, &n) == nil {
				byID[n.NodeID] = n
			}
		}
		services = max(services, count(lists))
	}
	nodes = slices.SortedFunc(maps.Values(byID), func(a, b NodeReport) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.NodeID, b.NodeID))
	})
	return nodes, max(services-len(nodes), 0), ctx.Err()
}

func count(answers <-chan *psrpc.Response[*rpc.ListActiveEgressResponse]) (n int) {
	for a := range answers {
		if a.Err == nil {
			n++
		}
	}
	return n
}
