package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/livekit/protocol/redis"
	goredis "github.com/redis/go-redis/v9"
)

// Timeouts of a client with sentinels that the configuration does not give, in milliseconds. They are those of
// livekit/protocol.
const (
	sentinelDialTimeout = 2000
	sentinelIOTimeout   = 200
)

// Connect makes a client for a single Redis, a master behind sentinels or a cluster, and waits until it has answered
// or ctx ends. It is livekit/protocol's GetRedisClient, which knows no ctx and leaves a client behind when it fails.
func Connect(ctx context.Context, conf *redis.RedisConfig) (goredis.UniversalClient, error) {
	if conf == nil || !conf.IsConfigured() {
		return nil, redis.ErrNotConfigured
	}
	o, err := redisOptions(conf)
	if err != nil {
		return nil, err
	}
	rc := goredis.NewUniversalClient(o)
	if err := rc.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("unable to connect to redis: %w", err), rc.Close())
	}
	return rc, nil
}

// redisOptions has the rules of the redis section: sentinels go before a cluster, a cluster before an address, and
// the timeouts are for sentinels only.
func redisOptions(conf *redis.RedisConfig) (*goredis.UniversalOptions, error) {
	o := &goredis.UniversalOptions{
		Addrs:       []string{conf.Address},
		Username:    conf.Username,
		Password:    conf.Password,
		DB:          conf.DB,
		PoolTimeout: conf.PoolTimeout,
		PoolSize:    conf.PoolSize,
		// Otherwise ctx bounds the dial only.
		ContextTimeoutEnabled: true,
	}
	if conf.TLS != nil && conf.TLS.Enabled {
		var err error
		if o.TLSConfig, err = conf.TLS.ClientTLSConfig(); err != nil {
			return nil, fmt.Errorf("redis.tls: %w", err)
		}
	}
	switch {
	case len(conf.SentinelAddresses) > 0:
		o.Addrs = conf.SentinelAddresses
		o.MasterName = conf.MasterName
		o.SentinelUsername = conf.SentinelUsername
		o.SentinelPassword = conf.SentinelPassword
		o.DialTimeout = milliseconds(conf.DialTimeout, sentinelDialTimeout)
		o.ReadTimeout = milliseconds(conf.ReadTimeout, sentinelIOTimeout)
		o.WriteTimeout = milliseconds(conf.WriteTimeout, sentinelIOTimeout)
	case len(conf.ClusterAddresses) > 0:
		o.Addrs = conf.ClusterAddresses
		o.IsClusterMode = true
		o.MaxRedirects = conf.GetMaxRedirects()
	}
	return o, nil
}

func milliseconds(n, otherwise int) time.Duration {
	if n == 0 {
		n = otherwise
	}
	return time.Duration(n) * time.Millisecond
}
