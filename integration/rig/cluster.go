package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

const (
	clusterNodes = 3
	clusterSlots = 16384
)

// StartRedisCluster starts three nodes without replicas and makes them a cluster.
func StartRedisCluster(ctx context.Context, dir string) (*Redis, error) {
	ports, err := FreePorts(2 * clusterNodes)
	if err != nil {
		return nil, err
	}
	nodes, buses := ports[:clusterNodes], ports[clusterNodes:]
	r := &Redis{Addr: loopback(nodes[0])}
	var addrs []string
	for n, port := range nodes {
		c, err := redisServer(ctx, dir, fmt.Sprintf("node%d", n), port, fmt.Sprintf(
			"port %d\ncluster-port %d\ncluster-enabled yes\ncluster-node-timeout 5000\nrequirepass %s\nmasterauth %s",
			port, buses[n], redisPassword, redisPassword))
		if err != nil {
			return nil, errors.Join(err, r.stopCluster())
		}
		if n == 0 {
			r.Child = c
		} else {
			r.Others = append(r.Others, c)
		}
		addrs = append(addrs, loopback(port))
	}
	if err := r.join(ctx, nodes, buses); err != nil {
		return nil, errors.Join(err, r.stopCluster())
	}
	r.Keys = map[string]any{"cluster_addresses": addrs, "password": redisPassword, "max_redirects": 3, "pool_size": 8}
	return r, nil
}

func (r *Redis) stopCluster() error {
	if r.Child == nil {
		return nil
	}
	return r.Close()
}

// join deals out the slots, introduces the nodes to each other, and waits until each finds the cluster whole.
func (r *Redis) join(ctx context.Context, nodes, buses []int) error {
	all := append([]*Child{r.Child}, r.Others...)
	for n, port := range nodes {
		c := redis.NewClient(&redis.Options{Addr: loopback(port), Password: redisPassword})
		defer c.Close()
		from, to := n*clusterSlots/clusterNodes, (n+1)*clusterSlots/clusterNodes-1
		if err := c.ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
			return fmt.Errorf("give node %d its slots: %w", n, err)
		}
		if n == 0 {
			continue
		}
		if err := c.Do(ctx, "CLUSTER", "MEET", "127.0.0.1", nodes[0], buses[0]).Err(); err != nil {
			return fmt.Errorf("introduce node %d: %w", n, err)
		}
	}
	for n, port := range nodes {
		c := redis.NewClient(&redis.Options{Addr: loopback(port), Password: redisPassword})
		err := all[n].waitFor(ctx, "whole cluster", func() bool {
			info, err := c.ClusterInfo(ctx).Result()
			if err != nil || !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, fmt.Sprintf("cluster_slots_ok:%d", clusterSlots)) {
				return false
			}
			known, err := c.ClusterNodes(ctx).Result()
			return err == nil && meshed(known)
		})
		c.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// meshed reads a node's CLUSTER NODES: whether it has a link to every other one. Without, what is published
// at the node does not reach the others, and nobody is told.
func meshed(nodes string) bool {
	lines := strings.Split(strings.TrimSpace(nodes), "\n")
	for _, line := range lines {
		// id, address, flags, master, ping sent, pong received, epoch, state of the link, slots
		f := strings.Fields(line)
		if len(f) < 8 || f[7] != "connected" || strings.Contains(f[2], "handshake") {
			return false
		}
	}
	return len(lines) == clusterNodes
}
