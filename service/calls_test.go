package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/redis"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/ffegress/ffegress/service/config"
)

// soon bounds calls that nobody answers; patience what must come.
const (
	soon     = 700 * time.Millisecond
	patience = 30 * time.Second
)

// ioServer is livekit-server's end of the reports, on the bus.
type ioServer struct {
	rpc.UnimplementedIOInfoServer
	mu      sync.Mutex
	refuse  error
	created []*livekit.EgressInfo
	updated []*livekit.EgressInfo
	ended   chan *livekit.EgressInfo
}

func (f *ioServer) CreateEgress(_ context.Context, info *livekit.EgressInfo) (*emptypb.Empty, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created = append(f.created, info)
	return &emptypb.Empty{}, f.refuse
}

func (f *ioServer) UpdateEgress(_ context.Context, info *livekit.EgressInfo) (*emptypb.Empty, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updated = append(f.updated, info)
	if info.EndedAt != 0 {
		f.ended <- info
	}
	return &emptypb.Empty{}, nil
}

func (f *ioServer) heard() (created, updated []*livekit.EgressInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.created), slices.Clone(f.updated)
}

// called is a node on a Redis of the test's own, with who calls it. Its livekit-server accepts connections and says nothing.
type called struct {
	redis   *miniredis.Miniredis
	client  rpc.EgressInternalClient
	handler rpc.EgressHandlerClient
	io      *ioServer
	drain   context.CancelFunc
	hurry   func()
	done    chan error
}

// serveCalls runs a node until the test ends. withIO says whether there is a livekit-server that takes reports.
func serveCalls(t *testing.T, keys string, withIO bool) *called {
	t.Helper()
	initStats("", "")
	c := &called{redis: miniredis.RunT(t), done: make(chan error, 1), io: &ioServer{ended: make(chan *livekit.EgressInfo, 10)}}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = port.Close()
	conf, _, err := config.Load(fmt.Appendf(nil, "api_key: k\napi_secret: sesame-secret-of-some-length-for-hmac\nws_url: ws://%s\nwork_dir: %s\n"+
		"template_port: %d\nbrowser_pool: 0\ncpu_cost: {track_cpu_cost: 0.01}\n%s\n", silent.Addr(), t.TempDir(), port.Addr().(*net.TCPAddr).Port, keys))
	if err != nil {
		t.Fatal(err)
	}
	dial := func() *Bus {
		bus, err := Dial(t.Context(), &redis.RedisConfig{Address: c.redis.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = bus.Close() })
		return bus
	}
	others := dial()
	if withIO {
		io, err := rpc.NewIOInfoServer(c.io, others)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(io.Kill)
	}
	if c.client, err = rpc.NewEgressInternalClient(others); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.Close)
	if c.handler, err = rpc.NewEgressHandlerClient(others); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.handler.Close)
	ready := &readyLog{said: make(chan struct{})}
	s, err := New(conf, dial(), slog.New(slog.NewTextHandler(ready, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	hurry := make(chan struct{})
	c.drain, c.hurry = cancel, sync.OnceFunc(func() { close(hurry) })
	go func() { c.done <- s.Run(ctx, hurry) }()
	t.Cleanup(func() {
		c.drain()
		c.hurry()
		select {
		case <-c.done:
		case <-time.After(patience):
			t.Error("the node does not end")
		}
	})
	select {
	case <-ready.said:
	case err := <-c.done:
		c.done <- err
		t.Fatal(err)
	}
	// Subscriptions are made beside the rest, also those of clients, which the node has too.
	for pattern, n := range map[string]int{
		"EgressInternal|*|CLAIM": 2, "EgressInternal|*|RES": 2, "EgressHandler|*|CLAIM": 2, "EgressHandler|*|RES": 2, "IOInfo|*|CLAIM": 1, "IOInfo|*|RES": 1,
		"EgressInternal|StartEgress*|REQ": 1, "EgressInternal|ListActiveEgress|REQ": 1,
	} {
		waitUntil(t, pattern, func() bool { return len(c.redis.PubSubChannels(pattern)) >= n })
	}
	return c
}

// readyLog waits for the line that tells that the node serves.
type readyLog struct {
	mu   sync.Mutex
	said chan struct{}
	once sync.Once
}

func (r *readyLog) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if bytes.Contains(line, []byte("service ready")) {
		r.once.Do(func() { close(r.said) })
	}
	return len(line), nil
}

func (c *called) start(t *testing.T, topic string, req *rpc.StartEgressRequest, wait time.Duration) (*livekit.EgressInfo, error) {
	t.Helper()
	return c.client.StartEgress(t.Context(), topic, req, psrpc.WithRequestTimeout(wait), psrpc.WithSelectionOpts(psrpc.SelectionOpts{
		AffinityTimeout: wait, MinimumAffinity: 0.01, MaximumAffinity: 1, ShortCircuitTimeout: 50 * time.Millisecond,
	}))
}

// active asks all nodes.
func (c *called) active(t *testing.T) (ids []string) {
	t.Helper()
	answers, err := c.client.ListActiveEgress(t.Context(), "", &rpc.ListActiveEgressRequest{}, psrpc.WithRequestTimeout(soon))
	if err != nil {
		t.Fatal(err)
	}
	nodes := 0
	for a := range answers {
		if a.Err != nil {
			t.Error(a.Err)
			continue
		}
		nodes++
		ids = append(ids, a.Result.EgressIds...)
	}
	if nodes != 1 {
		t.Errorf("%d nodes answer", nodes)
	}
	return ids
}

func trackRequest(id, track string) *rpc.StartEgressRequest {
	return &rpc.StartEgressRequest{EgressId: id, RoomId: "RM_1", Request: &rpc.StartEgressRequest_Track{Track: &livekit.TrackEgressRequest{
		RoomName: "demo", TrackId: track, Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{
			Filepath: "films/{track_id}", Output: &livekit.DirectFileOutput_S3{S3: &livekit.S3Upload{Bucket: "films", AccessKey: "sesame", Secret: "sesame"}},
		}},
	}}}
}

func wantCode(t *testing.T, what string, err error, code psrpc.ErrorCode, text string) {
	t.Helper()
	var e psrpc.Error
	if !errors.As(err, &e) || e.Code() != code || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %s %q", what, err, code, text)
	}
}

// TestCalls follows an egress through the calls of livekit-server, and looks at the channels of Redis that they take.
func TestCalls(t *testing.T) {
	t.Parallel()
	c := serveCalls(t, "storage_probe: false", true)
	heard := c.listen(t)

	_, err := c.start(t, "", trackRequest("EG_bad", ""), patience)
	wantCode(t, "a bad request", err, psrpc.InvalidArgument, "request has missing or invalid field: track_id")
	if created, _ := c.io.heard(); len(created) > 0 {
		t.Errorf("a refused request was created: %v", created)
	}

	asked := time.Now()
	info, err := c.start(t, "", trackRequest("EG_1", "TR_1"), patience)
	if err != nil {
		t.Fatal(err)
	}
	if info.Status != livekit.EgressStatus_EGRESS_STARTING || info.EgressId != "EG_1" || info.RoomId != "RM_1" || info.RoomName != "demo" ||
		info.SourceType != livekit.EgressSourceType_EGRESS_SOURCE_TYPE_SDK || len(info.FileResults) != 1 || info.StartedAt < asked.UnixNano() ||
		info.StartedAt != info.UpdatedAt || strings.Contains(info.String(), "sesame") {
		t.Errorf("answered %v", info)
	}
	if created, _ := c.io.heard(); len(created) != 1 || !proto.Equal(created[0], info) {
		t.Errorf("created %v", created)
	}
	_, err = c.start(t, "", trackRequest("EG_1", "TR_1"), patience)
	wantCode(t, "the same id", err, psrpc.AlreadyExists, "egress already exists")
	if ids := c.active(t); !slices.Equal(ids, []string{"EG_1"}) {
		t.Errorf("%v are active", ids)
	}

	stop := func(wait time.Duration) (*livekit.EgressInfo, error) {
		return c.handler.StopEgress(t.Context(), "EG_1", &livekit.StopEgressRequest{EgressId: "EG_1"}, psrpc.WithRequestTimeout(wait))
	}
	if info, err = stop(patience); err != nil || info.Status != livekit.EgressStatus_EGRESS_ABORTED {
		t.Fatalf("stopped: %v, %v", info, err)
	}
	end := <-c.io.ended
	if end.Status != livekit.EgressStatus_EGRESS_ABORTED || end.Error != "Stop called before pipeline could start" || end.ErrorCode != 412 ||
		end.UpdatedAt < info.StartedAt || end.Request == nil {
		t.Errorf("the end: %v", end)
	}
	waitUntil(t, "the topics are gone", func() bool { _, err = stop(soon); return errors.Is(err, psrpc.ErrNoResponse) })
	wantCode(t, "a stop after the end", err, psrpc.Unavailable, "no response from servers")
	if created, updated := c.io.heard(); len(created) != 1 || len(updated) != 1 {
		t.Errorf("%d creates, %d updates", len(created), len(updated))
	}
	if ids := c.active(t); len(ids) > 0 {
		t.Errorf("%v are active", ids)
	}
	for _, want := range []string{
		`EgressInternal\|StartEgress\|REQ`, `EgressInternal\|StartEgress\|RCLAIM`, `EgressInternal\|[0-9A-Za-z_]+\|CLAIM`, `EgressInternal\|[0-9A-Za-z_]+\|RES`,
		`EgressInternal\|ListActiveEgress\|REQ`, `EgressHandler\|StopEgress\|EG_1\|REQ`, `EgressHandler\|StopEgress\|EG_1\|RCLAIM`,
		`IOInfo\|CreateEgress\|REQ`, `IOInfo\|UpdateEgress\|REQ`,
	} {
		re := regexp.MustCompile("^" + want + "$")
		waitUntil(t, "a message on "+want, func() bool { return slices.ContainsFunc(heard(), re.MatchString) })
	}
}

// listen notes the channels of all messages.
func (c *called) listen(t *testing.T) func() []string {
	t.Helper()
	sub := c.redis.NewSubscriber()
	sub.Psubscribe("*")
	var mu sync.Mutex
	var channels []string
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case m := <-sub.Pmessages():
				mu.Lock()
				channels = append(channels, m.Channel)
				mu.Unlock()
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait(); sub.Close() })
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(channels)
	}
}

func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestCallsOfACluster: cluster_id is StartEgress' topic, and no other call's.
func TestCallsOfACluster(t *testing.T) {
	t.Parallel()
	c := serveCalls(t, "cluster_id: west", true)
	_, err := c.start(t, "west", trackRequest("EG_1", ""), patience)
	wantCode(t, "its own topic", err, psrpc.InvalidArgument, "track_id")
	_, err = c.start(t, "", trackRequest("EG_1", ""), soon)
	wantCode(t, "the empty topic", err, psrpc.Unavailable, "no response from servers")
	if ids := c.active(t); len(ids) > 0 {
		t.Errorf("%v are active", ids)
	}
}

// TestCreateRefused: what livekit-server does not take does not run, and nothing more is told of it.
func TestCreateRefused(t *testing.T) {
	t.Parallel()
	c := serveCalls(t, "storage_probe: false", true)
	c.io.refuse = psrpc.NewErrorf(psrpc.Internal, "no place for it")
	_, err := c.start(t, "", trackRequest("EG_1", "TR_1"), patience)
	wantCode(t, "the create error", err, psrpc.Internal, "no place for it")
	waitUntil(t, "nothing is active", func() bool { return len(c.active(t)) == 0 })
	if _, updated := c.io.heard(); len(updated) > 0 {
		t.Errorf("told %v", updated)
	}
}

// TestCreateUnanswered: io_create_timeout bounds the wait for a livekit-server that is not there, io_selection_timeout the
// wait for one that takes the call at all.
func TestCreateUnanswered(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"io_create_timeout: 300ms", "io_create_timeout: 1h\nio_selection_timeout: 300ms"} {
		t.Run(keys, func(t *testing.T) {
			t.Parallel()
			c := serveCalls(t, "storage_probe: false\n"+keys, false)
			asked := time.Now()
			_, err := c.start(t, "", trackRequest("EG_1", "TR_1"), 2*patience)
			if took := time.Since(asked); err == nil || took < 300*time.Millisecond || took > patience {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
}

// TestCallsWhileDraining: no request is bid for, the running egress is still listed and can be stopped.
func TestCallsWhileDraining(t *testing.T) {
	t.Parallel()
	c := serveCalls(t, "storage_probe: false", true)
	if _, err := c.start(t, "", trackRequest("EG_1", "TR_1"), patience); err != nil {
		t.Fatal(err)
	}
	c.drain()
	waitUntil(t, "the topic is gone", func() bool {
		_, err := c.start(t, "", trackRequest("EG_2", ""), soon)
		return errors.Is(err, psrpc.ErrNoResponse)
	})
	if ids := c.active(t); !slices.Equal(ids, []string{"EG_1"}) {
		t.Errorf("%v are active", ids)
	}
	if _, err := c.handler.StopEgress(t.Context(), "EG_1", &livekit.StopEgressRequest{EgressId: "EG_1"}, psrpc.WithRequestTimeout(patience)); err != nil {
		t.Error(err)
	}
	if err := <-c.done; err != nil {
		t.Error(err)
	}
	c.done <- nil
}
