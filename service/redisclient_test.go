package service

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/redis"

	"github.com/ffegress/ffegress/service/config"
)

// TestRedisKeys: each key of the section reaches the client.
func TestRedisKeys(t *testing.T) {
	load := func(section string) *redis.RedisConfig {
		t.Helper()
		c, _, err := config.Load([]byte("redis: {" + section + "}"))
		if err != nil {
			t.Fatal(err)
		}
		return c.Redis.Client()
	}
	o, err := redisOptions(load("address: 'a:1', username: u, password: p, db: 2, pool_timeout: 3s, pool_size: 4, dial_timeout: 9"))
	if err != nil || o.Addrs[0] != "a:1" || o.Username != "u" || o.Password != "p" || o.DB != 2 || o.PoolTimeout != 3*time.Second ||
		o.PoolSize != 4 || o.DialTimeout != 0 || o.TLSConfig != nil || o.IsClusterMode || o.MasterName != "" {
		t.Errorf("address: %+v, %v", o, err)
	}
	o, err = redisOptions(load("address: 'a:1', use_tls: true"))
	if err != nil || o.TLSConfig == nil || o.TLSConfig.InsecureSkipVerify {
		t.Errorf("use_tls: %+v, %v", o, err)
	}
	o, err = redisOptions(load("address: 'a:1', tls: {enabled: true, insecure: true, server_name: n}"))
	if err != nil || !o.TLSConfig.InsecureSkipVerify || o.TLSConfig.ServerName != "n" {
		t.Errorf("tls: %+v, %v", o, err)
	}
	if _, err = redisOptions(load("address: 'a:1', tls: {enabled: true, ca_cert_file: /nowhere.pem}")); err == nil || !strings.Contains(err.Error(), "/nowhere.pem") {
		t.Errorf("ca file: %v", err)
	}
	const sentinels = "sentinel_addresses: ['s:1', 's:2'], sentinel_master_name: m, sentinel_username: su, sentinel_password: sp"
	o, err = redisOptions(load(sentinels + ", password: p, cluster_addresses: ['c:1'], address: 'a:1'"))
	if err != nil || len(o.Addrs) != 2 || o.MasterName != "m" || o.SentinelUsername != "su" || o.SentinelPassword != "sp" || o.Password != "p" ||
		o.DialTimeout != 2*time.Second || o.ReadTimeout != 200*time.Millisecond || o.WriteTimeout != 200*time.Millisecond || o.IsClusterMode {
		t.Errorf("sentinels: %+v, %v", o, err)
	}
	o, err = redisOptions(load(sentinels + ", dial_timeout: 1, read_timeout: 2, write_timeout: 3"))
	if err != nil || o.DialTimeout != time.Millisecond || o.ReadTimeout != 2*time.Millisecond || o.WriteTimeout != 3*time.Millisecond {
		t.Errorf("timeouts: %+v, %v", o, err)
	}
	o, err = redisOptions(load("cluster_addresses: ['c:1'], address: 'a:1', max_redirects: 0"))
	if err != nil || o.Addrs[0] != "c:1" || !o.IsClusterMode || o.MaxRedirects != 0 {
		t.Errorf("cluster: %+v, %v", o, err)
	}
	if o, _ = redisOptions(load("cluster_addresses: ['c:1']")); o.MaxRedirects != 2 {
		t.Errorf("redirects: %d", o.MaxRedirects)
	}
}

func TestConnectFails(t *testing.T) {
	if _, err := Connect(t.Context(), nil); !errors.Is(err, redis.ErrNotConfigured) {
		t.Errorf("nil: %v", err)
	}
	if _, err := Connect(t.Context(), &redis.RedisConfig{}); !errors.Is(err, redis.ErrNotConfigured) {
		t.Errorf("empty: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Connect(ctx, &redis.RedisConfig{Address: "127.0.0.1:1"}); err == nil || !strings.HasPrefix(err.Error(), "unable to connect to redis: ") {
		t.Errorf("cancelled: %v", err)
	}
}
