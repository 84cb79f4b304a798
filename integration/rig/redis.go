package rig

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
)

// Redis is a running redis-server that keeps nothing on disk.
type Redis struct {
	*Child
	Addr string // host:port
}

// StartRedis starts redis-server with its log in dir.
func StartRedis(ctx context.Context, dir string) (*Redis, error) {
	ports, err := FreePorts(1)
	if err != nil {
		return nil, err
	}
	path, err := program("REDIS_SERVER", "redis-server")
	if err != nil {
		return nil, err
	}
	c, err := Launch("redis-server", path, []string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(ports[0]), "--save", "", "--appendonly", "no", "--dir", dir,
	}, nil, filepath.Join(dir, "redis.log"))
	if err != nil {
		return nil, err
	}
	if err := c.waitFor(ctx, "listening port", func() bool { return listening(ports[0]) }); err != nil {
		c.Kill()
		return nil, err
	}
	return &Redis{c, fmt.Sprintf("127.0.0.1:%d", ports[0])}, nil
}
