package rig

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	lkredis "github.com/livekit/protocol/redis"
	"github.com/redis/go-redis/v9"
	"gopkg.in/yaml.v3"
)

// Redis is redis-server in one of its shapes, keeping nothing on disk.
type Redis struct {
	*Child          // the server; the first master of several servers
	Addr   string   // of that, host:port
	Others []*Child // replicas, sentinels, further nodes
	dir    string   // of a single one
	starts int
	Keys   map[string]any // the redis section of livekit-server's configuration, and of ffegress'
}

// StartRedis starts one server, its log in dir.
func StartRedis(ctx context.Context, dir string) (*Redis, error) {
	ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	c, err := redisServer(ctx, dir, "redis", ports[0], fmt.Sprintf("port %d", ports[0]))
	if err != nil {
		return nil, err
	}
	addr := loopback(ports[0])
	return &Redis{Child: c, Addr: addr, Keys: map[string]any{"address": addr}, dir: dir}, nil
}

// Restart kills a single server, which keeps nothing, and starts it again at its address.
func (r *Redis) Restart(ctx context.Context) error {
	r.Kill()
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	r.starts++
	c, err := redisServer(ctx, r.dir, fmt.Sprintf("redis.%d", r.starts), n, "port "+port)
	if err == nil {
		r.Child = c
	}
	return err
}

// redisServer starts one redis-server with a configuration of the lines given, and waits for the port. args come
// after the configuration file.
func redisServer(ctx context.Context, dir, name string, port int, lines string, args ...string) (*Child, error) {
	path, err := program("REDIS_SERVER", "redis-server")
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, name)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	conf := filepath.Join(home, "redis.conf")
	text := fmt.Sprintf("bind 127.0.0.1\ndir %s\n%s\n", home, strings.TrimSpace(lines))
	if len(args) == 0 {
		text += "save \"\"\nappendonly no\n"
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	c, err := Launch(name, path, append([]string{conf}, args...), nil, filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, err
	}
	if err := c.waitFor(ctx, "listening port", func() bool { return listening(port) }); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// Client connects by the keys, as livekit-server does.
func (r *Redis) Client() (redis.UniversalClient, error) {
	body, err := yaml.Marshal(r.Keys)
	if err != nil {
		return nil, err
	}
	conf := &lkredis.RedisConfig{}
	if err := yaml.Unmarshal(body, conf); err != nil {
		return nil, err
	}
	return lkredis.GetRedisClient(conf)
}

// subscribed tells whether somebody listens to a channel of the pattern. In a cluster each node knows its own.
func subscribed(ctx context.Context, rc redis.UniversalClient, pattern string) bool {
	var mu sync.Mutex
	found := false
	look := func(ctx context.Context, node *redis.Client) error {
		names, err := node.PubSubChannels(ctx, pattern).Result()
		mu.Lock()
		defer mu.Unlock()
		found = found || len(names) > 0
		return err
	}
	var err error
	switch c := rc.(type) {
	case *redis.ClusterClient:
		err = c.ForEachShard(ctx, look)
	case *redis.Client:
		err = look(ctx, c)
	}
	return err == nil && found
}

// AwaitListener waits until somebody listens to a channel of the pattern; the client finds the servers by itself, so
// that it may be a master that has just been made one.
func (r *Redis) AwaitListener(ctx context.Context, pattern string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		rc, err := r.Client()
		if err == nil {
			found := subscribed(ctx, rc, pattern)
			rc.Close()
			if found {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("nobody listens to %s: %w, %w", pattern, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// Close ends all servers.
func (r *Redis) Close() error {
	_, err := r.Stop(10 * time.Second)
	for _, c := range r.Others {
		// Nothing of theirs is looked at any more, and a replica waits for its master.
		c.Kill()
	}
	return err
}
