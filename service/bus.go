package service

import (
	"context"
	"time"

	"github.com/livekit/protocol/redis"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	goredis "github.com/redis/go-redis/v9"
)

// connectTimeout bounds the connection at start. A client with sentinels needs longer than one dial to give up and say
// why.
const connectTimeout = 30 * time.Second

// Bus is the way to livekit-server.
type Bus struct {
	psrpc.MessageBus
	redis goredis.UniversalClient
}

// Dial connects to the Redis that livekit-server uses. It fails when Redis does not answer.
func Dial(ctx context.Context, conf *redis.RedisConfig) (*Bus, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	rc, err := Connect(ctx, conf)
	if err != nil {
		return nil, err
	}
	return &Bus{MessageBus: psrpc.NewRedisMessageBus(rc), redis: rc}, nil
}

// Close ends the connection.
func (b *Bus) Close() error { return b.redis.Close() }

// initStats must run before the first psrpc client or server is made: they panic without it.
func initStats(nodeID, clusterID string) {
	rpc.InitPSRPCStats(map[string]string{"node_id": nodeID, "cluster_id": clusterID})
}
