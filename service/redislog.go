package service

import (
	"context"
	"fmt"
	"log/slog"

	goredis "github.com/redis/go-redis/v9"
)

// redisLog writes what the Redis client says, which would go to stderr in a form of its own.
type redisLog struct{ log *slog.Logger }

// Printf is what the client calls.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.InfoContext(ctx, "redis client", "says", fmt.Sprintf(format, args...))
}

// LogRedis sends what the Redis client says, of failover and of connections that it could not make, to log. It holds
// for the whole process: call it before the first connection.
func LogRedis(log *slog.Logger) { goredis.SetLogger(redisLog{log}) }
