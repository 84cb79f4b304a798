package spine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// bus is a Redis that livekit-server and the recorder both have.
type bus struct {
	id, title string
	start     func(context.Context, string) (*rig.Redis, error)
}

var (
	overTLS     = bus{"redis-tls", "Redis over TLS with a client certificate, user, password and database", rig.StartRedisTLS}
	bySentinels = bus{"redis-sentinel", "Redis behind three sentinels, all with passwords", rig.StartRedisSentinels}
	asCluster   = bus{"redis-cluster", "Redis as a cluster of three nodes with a password", rig.StartRedisCluster}
)

const pageLength = 4 * time.Second

// busStart starts, lists and stops a recording of a page over the Redis.
func busStart(b bus) accept.Case {
	return accept.Case{
		ID: b.id, Line: 5, Title: "start, list and stop: " + b.title,
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLabOn(ctx, 0, rig.Options{Redis: b.start})
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			return l.recordPage(ctx, o, "bus.mp4", func() error { return nil })
		},
	}
}

// recordPage records a page for some seconds, with something done half way, and judges what came of it.
func (l *lab) recordPage(ctx context.Context, o *accept.Outcome, name string, meanwhile func() error) error {
	pages, err := servePages(ctx, publish.Size{Width: 640, Height: 360})
	if err != nil {
		return err
	}
	defer pages.Close()
	r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
		return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: pages.Card(500*time.Millisecond, -1), AwaitStartSignal: true, FileOutputs: l.file(name),
			Options: &livekit.WebEgressRequest_Preset{Preset: hd.preset},
		})
	})
	if err != nil {
		return err
	}
	id := r.info.EgressId
	if err := pause(ctx, pageLength/2); err != nil {
		return err
	}
	if err := l.listed(ctx, o, id); err != nil {
		return err
	}
	if err := meanwhile(); err != nil {
		return err
	}
	if err := pause(ctx, pageLength/2); err != nil {
		return err
	}
	info, took, err := r.stop(ctx)
	if err != nil {
		return err
	}
	o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%s: %v: %s", name, info.Status, info.Error)
	if len(info.FileResults) != 1 {
		return fmt.Errorf("%d files", len(info.FileResults))
	}
	media, err := playable(ctx, info.FileResults[0].Location)
	if err != nil {
		return err
	}
	told := time.Duration(info.FileResults[0].Duration)
	o.Add(name, "plays %.2f s, told as %.2f s; end known %.1f s after the stop", media.Seconds(), told.Seconds(), took.Seconds())
	off := (media - told).Abs().Seconds()
	o.Want(media >= pageLength && off <= 3*wallWithin, "%s plays for %v, told as %v, recorded for %v at least", name, media, told, pageLength)
	return l.oneEnd(ctx, o, id)
}

// listed asks livekit-server, and the recorder itself, for what is active.
func (l *lab) listed(ctx context.Context, o *accept.Outcome, id string) error {
	items, err := l.API.List(ctx, &livekit.ListEgressRequest{Active: true})
	if err != nil {
		return fmt.Errorf("list egress: %w", err)
	}
	o.Want(slices.ContainsFunc(items, func(i *livekit.EgressInfo) bool { return i.EgressId == id }), "%s is not listed as active: %v", id, items)
	rc, err := l.Redis.Client()
	if err != nil {
		return err
	}
	defer rc.Close()
	rpc.InitPSRPCStats(nil)
	client, err := rpc.NewEgressInternalClient(psrpc.NewRedisMessageBus(rc))
	if err != nil {
		return err
	}
	// The first question may come before the client's own subscriptions have been made.
	var ids []string
	for n := 0; n < 10 && len(ids) == 0; n++ {
		if ids, err = activeIDs(ctx, client); err != nil {
			return fmt.Errorf("list active egress: %w", err)
		}
	}
	o.Want(slices.Equal(ids, []string{id}), "the recorder tells %v as active, want %s", ids, id)
	return nil
}

// activeIDs asks all recorders.
func activeIDs(ctx context.Context, client rpc.EgressInternalClient) ([]string, error) {
	answers, err := client.ListActiveEgress(ctx, "", &rpc.ListActiveEgressRequest{}, psrpc.WithRequestTimeout(500*time.Millisecond))
	if err != nil {
		return nil, err
	}
	var ids []string
	for a := range answers {
		if a.Err == nil {
			ids = append(ids, a.Result.EgressIds...)
		}
	}
	return ids, nil
}
