package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	sentinelMaster   = "rigmaster"
	sentinelPassword = "rigsentinelpassword"
	sentinels        = 3
)

// StartRedisSentinels starts a master, a replica and three sentinels that put the replica in the master's place one
// second after its death. All want passwords.
func StartRedisSentinels(ctx context.Context, dir string) (*Redis, error) {
	ports, err := FreePorts(2 + sentinels)
	if err != nil {
		return nil, err
	}
	r := &Redis{Addr: loopback(ports[0])}
	auth := fmt.Sprintf("requirepass %s\nmasterauth %s\n", redisPassword, redisPassword)
	if r.Child, err = redisServer(ctx, dir, "redis", ports[0], fmt.Sprintf("port %d\n%s", ports[0], auth)); err != nil {
		return nil, err
	}
	var addrs []string
	start := func(name string, port int, lines string, args ...string) error {
		c, err := redisServer(ctx, dir, name, port, fmt.Sprintf("port %d\n%s", port, lines), args...)
		if err == nil {
			r.Others = append(r.Others, c)
		}
		return err
	}
	err = start("replica", ports[1], fmt.Sprintf("replicaof 127.0.0.1 %d\n%s", ports[0], auth))
	for n := range sentinels {
		port := ports[2+n]
		addrs = append(addrs, loopback(port))
		if err == nil {
			err = start(fmt.Sprintf("sentinel%d", n), port, sentinelLines(ports[0]), "--sentinel")
		}
	}
	if err == nil {
		err = r.awaitSentinels(ctx, addrs)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Keys = map[string]any{
		"sentinel_master_name": sentinelMaster, "sentinel_addresses": addrs, "sentinel_password": sentinelPassword,
		"password": redisPassword, "dial_timeout": 3000, "read_timeout": 1000, "write_timeout": 1000,
	}
	return r, nil
}

func sentinelLines(master int) string {
	return fmt.Sprintf(`
requirepass %[1]s
sentinel sentinel-pass %[1]s
sentinel monitor %[2]s 127.0.0.1 %[3]d 2
sentinel auth-pass %[2]s %[4]s
sentinel down-after-milliseconds %[2]s 1000
sentinel failover-timeout %[2]s 5000
`, sentinelPassword, sentinelMaster, master, redisPassword)
}

// awaitSentinels waits until each sentinel knows the replica and the others.
func (r *Redis) awaitSentinels(ctx context.Context, addrs []string) error {
	for n, addr := range addrs {
		c := redis.NewSentinelClient(&redis.Options{Addr: addr, Password: sentinelPassword})
		err := r.Others[1+n].waitFor(ctx, "sight of the others", func() bool {
			m, err := c.Master(ctx, sentinelMaster).Result()
			return err == nil && m["num-slaves"] == "1" && m["num-other-sentinels"] == fmt.Sprint(sentinels-1) &&
				!strings.Contains(m["flags"], "down")
		})
		c.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
