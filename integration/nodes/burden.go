package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/redis/go-redis/v9"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
	"github.com/ffegress/ffegress/service/lease"
)

// watched is how long each figure is measured for.
const watched = 20 * time.Second

// Bounds of what all nodes' leases together may cost, in cores.
const (
	redisAtMost = 0.1
	nodeAtMost  = 0.001
)

// crowd is nodes with leases and nothing else, on a real Redis, in this process.
type crowd struct {
	redis   *redis.Client
	running atomic.Int64 // how often nodes were asked what they run
	mu      sync.Mutex
	spoken  map[string]bool
	told    map[string]int
}

// burden has many nodes keep many leases for a while, and then lose one of them.
func burden(nodes, each int) accept.Case {
	return accept.Case{
		ID: "burden", Line: 4, Title: fmt.Sprintf("%d leases: %d nodes with %d each, node_lost_after 2m0s", nodes*each, nodes, each),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "burden-*")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			r, err := rig.StartRedis(ctx, dir)
			if err != nil {
				return err
			}
			c := &crowd{redis: redis.NewClient(&redis.Options{Addr: r.Addr, PoolSize: 50}), spoken: map[string]bool{}, told: map[string]int{}}
			err = c.play(ctx, o, nodes, each)
			return errors.Join(err, c.redis.Close(), r.Close())
		},
	}
}

func (c *crowd) play(ctx context.Context, o *accept.Outcome, nodes, each int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	times := lease.TimesOf(2 * time.Minute)
	log := slog.New(slog.DiscardHandler)
	dying, die := context.WithCancel(ctx)
	defer die()
	for n := range nodes {
		life := ctx
		if n == 0 {
			life = dying
		}
		store := lease.NewStore(c.redis, fmt.Sprintf("NE_%d", n), times)
		keeper := lease.NewKeeper(store, lease.NewLink(times), log)
		reaper := lease.NewReaper(store, keeper, c, log)
		for e := range each {
			keeper.Hold(ctx, info(n, e))
		}
		all.Go(func() { keeper.Run(life) })
		all.Go(func() { reaper.Run(life) })
	}
	memory, err := c.figure(ctx, "memory", "used_memory")
	if err != nil {
		return err
	}
	o.Add("memory of Redis", "%.1f MB", memory/1e6)
	// Reapers look only once their link has been healthy for a while.
	if err := lab.Pause(ctx, times.Healthy+times.Renew); err != nil {
		return err
	}
	if err := c.watch(ctx, o, "all nodes live", nodes); err != nil {
		return err
	}
	die()
	died := time.Now()
	if err := until(ctx, "the dead one's egresses are spoken for", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.spoken) == each
	}); err != nil {
		return err
	}
	o.Add("a node dies: all its egresses are spoken for", "after %.1f s; nodes were asked what they run %d times", time.Since(died).Seconds(), c.running.Load())
	return c.watch(ctx, o, "one node is gone", nodes)
}

// watch measures Redis and this process for a while.
func (c *crowd) watch(ctx context.Context, o *accept.Outcome, when string, nodes int) error {
	var sum [2]struct{ cpu, commands, in, out, own float64 }
	for i := range sum {
		if i == 1 {
			if err := lab.Pause(ctx, watched); err != nil {
				return err
			}
		}
		s := &sum[i]
		var errs []error
		for _, f := range []struct {
			section, name string
			to            *float64
		}{
			{"cpu", "used_cpu_sys", &s.cpu}, {"cpu", "used_cpu_user", &s.own},
			{"stats", "total_commands_processed", &s.commands},
			{"stats", "total_net_input_bytes", &s.in}, {"stats", "total_net_output_bytes", &s.out},
		} {
			v, err := c.figure(ctx, f.section, f.name)
			*f.to, errs = v, append(errs, err)
		}
		s.cpu += s.own
		var u syscall.Rusage
		errs = append(errs, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
		s.own = time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if i == 0 {
			if err := c.redis.ConfigResetStat(ctx).Err(); err != nil {
				return err
			}
			s.commands, s.in, s.out = 0, 0, 0
		}
	}
	per := func(from, to float64) float64 { return (to - from) / watched.Seconds() }
	a, b := sum[0], sum[1]
	o.Add("Redis, "+when, "%.3f core, %.0f commands/s, %.0f kB/s in, %.0f kB/s out",
		per(a.cpu, b.cpu), per(a.commands, b.commands), per(a.in, b.in)/1e3, per(a.out, b.out)/1e3)
	o.Add("a node, "+when, "%.2f ms of CPU a second", 1e3*per(a.own, b.own)/float64(nodes))
	o.Want(per(a.cpu, b.cpu) <= redisAtMost, "%s: Redis takes %.3f core, %.2f at most", when, per(a.cpu, b.cpu), redisAtMost)
	o.Want(per(a.own, b.own)/float64(nodes) <= nodeAtMost, "%s: a node takes %.5f core, %.4f at most", when, per(a.own, b.own)/float64(nodes), nodeAtMost)
	commands, err := c.redis.Info(ctx, "commandstats").Result()
	for line := range strings.Lines(commands) {
		if name, rest, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.Contains(name, "|") {
			o.Add("Redis, "+when+", "+strings.TrimPrefix(name, "cmdstat_"), "%s", rest[:strings.Index(rest+",rejected", ",rejected")])
		}
	}
	return err
}

// figure reads a number of INFO.
func (c *crowd) figure(ctx context.Context, section, name string) (float64, error) {
	text, err := c.redis.Info(ctx, section).Result()
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("INFO %s has no %s", section, name)
}

// info is like what livekit-server is told of a recording of a room.
func info(node, n int) *livekit.EgressInfo {
	id := fmt.Sprintf("EG_%04dabcd%04d", node, n)
	return &livekit.EgressInfo{
		EgressId: id, RoomId: "RM_" + id, RoomName: "room of node " + strconv.Itoa(node), Status: livekit.EgressStatus_EGRESS_ACTIVE,
		StartedAt: 1795432000000000000, UpdatedAt: 1795432000000000000,
		Request: &livekit.EgressInfo_RoomComposite{RoomComposite: &livekit.RoomCompositeEgressRequest{
			RoomName: "room of node " + strconv.Itoa(node), Layout: "grid-dark",
			FileOutputs: []*livekit.EncodedFileOutput{{Filepath: "recordings/{room_name}-{time}.mp4", Output: &livekit.EncodedFileOutput_S3{
				S3: &livekit.S3Upload{AccessKey: "{access_key}", Secret: "{secret}", Bucket: "recordings", Region: "eu-central-1"},
			}}},
		}},
		FileResults: []*livekit.FileInfo{{Filename: "recordings/room of node-2026-11-23T130000.mp4", StartedAt: 1795432000000000000}},
	}
}

// Running says that nobody runs what is asked for.
func (c *crowd) Running(context.Context) (map[string]bool, error) {
	c.running.Add(1)
	return nil, nil
}

// Known knows nothing.
func (c *crowd) Known(context.Context, string) (*livekit.EgressInfo, error) {
	return nil, lease.ErrNone
}

// Speak notes who is spoken for.
func (c *crowd) Speak(id string, _ *lease.Owned) (func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spoken[id] = true
	return func() {}, nil
}

// Tell tells nobody.
func (c *crowd) Tell(info *livekit.EgressInfo, told func()) {
	c.mu.Lock()
	c.told[info.EgressId]++
	c.mu.Unlock()
	told()
}

// Stop has nobody to stop.
func (c *crowd) Stop(string) {}

var _ lease.Node = (*crowd)(nil)
