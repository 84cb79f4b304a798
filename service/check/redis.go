package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/utils/guid"
	goredis "github.com/redis/go-redis/v9"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/config"
)

const setRedis = "start redis-server, or give the redis section the address that livekit-server has"

// checkRedis connects as the service does, sends itself a message and takes a lock, as psrpc does, and looks whether a
// livekit-server listens on the same Redis.
func checkRedis(ctx context.Context, s *subject) []Result {
	if err := s.conf.RequireRedis(); err != nil {
		return fail(err.Error(), "set redis.address to the Redis that livekit-server uses")
	}
	place, addrs := redisPlace(s.conf.Redis), redisAddrs(s.conf.Redis)
	away, errs := reach(ctx, addrs)
	if len(away) == len(addrs) {
		return s.redisFault(away[0], errs[0])
	}
	rc, err := service.Connect(ctx, s.conf.Redis.Client())
	if err != nil {
		return s.redisFault(place, err)
	}
	defer func() { _ = rc.Close() }()
	if err := errors.Join(exchange(ctx, rc), lock(ctx, rc)); err != nil {
		return s.redisFault(place, err)
	}
	listening, err := hasServer(ctx, rc)
	switch {
	case err != nil:
		return warn(place+" answers; whether livekit-server is on it cannot be seen: "+oneLine(err), "")
	case len(away) > 0:
		return warn(place+" answers, but not at "+strings.Join(away, ", "), "start what is down there, or take the address out")
	case !listening:
		return warn(place+" answers, but no livekit-server listens on it", "start livekit-server, or give both the same redis section")
	}
	return ok("%s answers, and a livekit-server listens on it", place)
}

// redisPlace names the Redis without its credentials.
func redisPlace(r *config.Redis) string {
	place := r.Address
	switch {
	case len(r.SentinelAddresses) > 0:
		place = fmt.Sprintf("%s by sentinels %s", r.SentinelMaster, strings.Join(r.SentinelAddresses, ", "))
	case len(r.ClusterAddresses) > 0:
		place = "cluster " + strings.Join(r.ClusterAddresses, ", ")
	}
	if r.Secured() {
		place += " over TLS"
	}
	return place
}

// exchange sends a message to itself.
func exchange(ctx context.Context, rc goredis.UniversalClient) error {
	channel := guid.New("ffegress-check-")
	sub := rc.Subscribe(ctx, channel)
	defer func() { _ = sub.Close() }()
	if _, err := sub.Receive(ctx); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if err := rc.Publish(ctx, channel, "hello").Err(); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if _, err := sub.ReceiveMessage(ctx); err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	return nil
}

// lock writes a key that goes by itself.
func lock(ctx context.Context, rc goredis.UniversalClient) error {
	if err := rc.SetNX(ctx, guid.New("ffegress-check-"), 1, time.Second).Err(); err != nil {
		return fmt.Errorf("write a key: %w", err)
	}
	return nil
}

// hasServer looks for a subscription that only livekit-server makes. In a cluster each node knows its own.
func hasServer(ctx context.Context, rc goredis.UniversalClient) (bool, error) {
	const ioInfo = "IOInfo|*"
	cluster, isCluster := rc.(*goredis.ClusterClient)
	if !isCluster {
		names, err := rc.PubSubChannels(ctx, ioInfo).Result()
		return len(names) > 0, err
	}
	var mu sync.Mutex
	found := false
	err := cluster.ForEachShard(ctx, func(ctx context.Context, node *goredis.Client) error {
		names, err := node.PubSubChannels(ctx, ioInfo).Result()
		mu.Lock()
		defer mu.Unlock()
		found = found || len(names) > 0
		return err
	})
	return found, err
}

// redisReplies are answers of Redis, by a part of their text.
var redisReplies = []struct{ part, found, remedy string }{
	{"NOAUTH", "it wants a password", "set redis.password (and redis.username)"},
	{"WRONGPASS", "it refuses the user name or password", "correct redis.username and redis.password"},
	{"invalid password", "it refuses the password", "correct redis.password"},
	{"NOPERM", "the user may not do what is needed", "allow the user of redis.username all channels and keys (ACL SETUSER … allchannels allkeys +@all)"},
	{"DENIED", "it is in protected mode and takes no one from outside", "set a password in redis.conf"},
	{"READONLY", "it is a replica, which cannot be written", "give redis.address the master's address, or use the sentinel_ keys"},
	{"MOVED", "it is a node of a cluster", "put its address into redis.cluster_addresses"},
	{"cluster support disabled", "it is no cluster", "use redis.address instead of redis.cluster_addresses"},
	{"CLUSTERDOWN", "the cluster is down", "look at CLUSTER INFO of its nodes"},
	{"DB index is out of range", "it has no such database", "correct redis.db"},
	{"redis: nil", "the sentinels know no master of that name", "correct redis.sentinel_master_name"},
	{"LOADING", "it is still loading its data", "wait, and check again"},
}

func (s *subject) redisFault(place string, err error) []Result {
	text := oneLine(err)
	i := slices.IndexFunc(redisReplies, func(r struct{ part, found, remedy string }) bool { return strings.Contains(text, r.part) })
	if i >= 0 {
		return fail(place+": "+redisReplies[i].found, redisReplies[i].remedy)
	}
	fault, known := faultOf(err, s.patience)
	switch {
	case !known:
		fault.found = strings.TrimPrefix(text, "unable to connect to redis: ")
		fault.remedy = setRedis
	case strings.HasPrefix(fault.found, "TLS") && fault.remedy == "":
		fault.remedy = "look at redis.tls: ca_cert_file for the server's authority, server_name for its name, client_cert_file and client_key_file if it wants them; leave tls out for a Redis without TLS"
	case s.conf.Redis.Secured() && strings.HasPrefix(fault.found, "no answer"):
		// A Redis without TLS waits for the end of what it takes for a command.
		fault.remedy = "leave redis.tls out if it speaks no TLS; otherwise look at firewalls on the way"
	case s.conf.Redis.Secured() && strings.HasPrefix(fault.found, "it closed"):
		// Its alert comes after the handshake, and is not always read.
		fault.remedy = "if it wants a client certificate, give it one that it trusts: redis.tls.client_cert_file and client_key_file; its log says why"
	case strings.HasPrefix(fault.found, "it closed") || strings.HasPrefix(fault.found, "no answer"):
		fault.remedy = "if it speaks TLS, set redis.tls.enabled; otherwise look at firewalls on the way"
	case fault.remedy == "":
		fault.remedy = setRedis
	}
	return fail(place+": "+fault.found, fault.remedy)
}
