package service

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
	"github.com/livekit/protocol/redis"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	goredis "github.com/redis/go-redis/v9"
)

// pingTimeout bounds the check of Redis at start.
const pingTimeout = 5 * time.Second

// Bus is the way to livekit-server.
type Bus struct {
	psrpc.MessageBus
	redis goredis.UniversalClient
}

// Dial connects to the Redis that livekit-server uses. It fails when Redis does not answer.
func Dial(ctx context.Context, conf *redis.RedisConfig) (*Bus, error) {
	rc, err := redis.GetRedisClient(conf)
	if err != nil {
		return nil, err
	}
	if rc == nil {
		return nil, redis.ErrNotConfigured
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := rc.Ping(ctx).Err(); err != nil {
		_ = rc.Close()
		return nil, fmt.Errorf("unable to connect to redis: %w", err)
	}
	return &Bus{MessageBus: psrpc.NewRedisMessageBus(rc), redis: rc}, nil
}

// Close ends the connection.
func (b *Bus) Close() error { return b.redis.Close() }

// initStats must run before the first psrpc client or server is made: they panic without it.
func initStats(nodeID, clusterID string) {
	rpc.InitPSRPCStats(map[string]string{"node_id": nodeID, "cluster_id": clusterID})
}

// busLogger lets psrpc log through ours.
func busLogger(log *slog.Logger) logger.Logger {
	return logger.LogRLogger(logr.FromSlogHandler(log.Handler()))
}
