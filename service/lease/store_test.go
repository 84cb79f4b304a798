package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/livekit/protocol/livekit"
	"github.com/redis/go-redis/v9"

	"github.com/ffegress/ffegress/integration/rig"
)

// patience is for machines that are busy.
const patience = 30 * time.Second

// onRedis runs a test on one redis-server, on a cluster, and on the Redis of `serve --dev`.
func onRedis(t *testing.T, test func(t *testing.T, rc redis.UniversalClient)) {
	for name, start := range map[string]func(context.Context, string) (*rig.Redis, error){
		"single": rig.StartRedis, "cluster": rig.StartRedisCluster,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			r, err := start(ctx, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			rc, err := r.Client()
			if err != nil {
				t.Fatal(err)
			}
			test(t, rc)
			if err := errors.Join(rc.Close(), r.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("dev", func(t *testing.T) {
		dev := miniredis.NewMiniRedis()
		if err := dev.Start(); err != nil {
			t.Fatal(err)
		}
		defer dev.Close()
		rc := redis.NewClient(&redis.Options{Addr: dev.Addr()})
		defer rc.Close()
		test(t, rc)
	})
}

// must is for what has to work.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func running(id string) *livekit.EgressInfo {
	return &livekit.EgressInfo{EgressId: id, Status: livekit.EgressStatus_EGRESS_ACTIVE, RoomName: "räume"}
}

// lapse waits until a lease has.
func lapse(t *testing.T, s *Store, id string) []Lapsed {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		all := must(s.Lapsed(t.Context()))(t)
		if slices.ContainsFunc(all, func(l Lapsed) bool { return l.ID == id }) {
			return all
		}
	}
	t.Fatalf("%s does not lapse", id)
	return nil
}

func TestStoreLeases(t *testing.T) {
	onRedis(t, func(t *testing.T, rc redis.UniversalClient) {
		ctx := t.Context()
		s := NewStore(rc, "a", TimesOf(2*time.Minute))
		if fresh := must(s.Renew(ctx, nil, time.Hour))(t); fresh != nil {
			t.Errorf("none: %v", fresh)
		}
		var ids []string
		for n := range 2*renewAtOnce + 1 {
			ids = append(ids, fmt.Sprintf("EG_%d", n))
		}
		if fresh := must(s.Renew(ctx, ids, time.Hour))(t); !slices.Equal(fresh, ids) {
			t.Errorf("%d are new, want %d", len(fresh), len(ids))
		}
		if fresh := must(s.Renew(ctx, ids, time.Hour))(t); len(fresh) != 0 {
			t.Errorf("%v are new again", fresh)
		}
		if lapsed := must(s.Lapsed(ctx))(t); len(lapsed) != 0 {
			t.Errorf("lapsed: %v", lapsed)
		}
		for _, id := range []string{"EG_7", "EG_5"} {
			must(s.Renew(ctx, []string{id}, time.Millisecond))(t)
			lapse(t, s, id)
		}
		lapsed := must(s.Lapsed(ctx))(t)
		if len(lapsed) != 2 || lapsed[0].ID != "EG_7" || lapsed[1].ID != "EG_5" || lapsed[0].Ago < lapsed[1].Ago || lapsed[0].Ago > patience {
			t.Errorf("lapsed: %v", lapsed)
		}
		if fresh := must(s.Renew(ctx, []string{"EG_7", "EG_8"}, time.Hour))(t); !slices.Equal(fresh, []string{"EG_7"}) {
			t.Errorf("%v are new", fresh)
		}
		if err := s.Clear(ctx, "EG_5"); err != nil {
			t.Fatal(err)
		}
		if lapsed := must(s.Lapsed(ctx))(t); len(lapsed) != 0 {
			t.Errorf("lapsed at last: %v", lapsed)
		}
	})
}

func TestStoreRecords(t *testing.T) {
	onRedis(t, func(t *testing.T, rc redis.UniversalClient) {
		ctx := t.Context()
		s := NewStore(rc, "a", TimesOf(2*time.Minute))
		if _, err := s.Read(ctx, "EG_1"); !errors.Is(err, ErrNone) {
			t.Errorf("none: %v", err)
		}
		if err := s.Write(ctx, Record{Node: "a", Info: running("EG_1")}); err != nil {
			t.Fatal(err)
		}
		r := must(s.Read(ctx, "EG_1"))(t)
		if r.Node != "a" || r.Delivered || r.Info.RoomName != "räume" || r.Info.Status != livekit.EgressStatus_EGRESS_ACTIVE {
			t.Errorf("%+v", r)
		}
		if d := must(rc.TTL(ctx, leasePrefix+"EG_1").Result())(t); d < 6*24*time.Hour {
			t.Errorf("it lives %v", d)
		}
		if err := s.Clear(ctx, "EG_1"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(ctx, "EG_1"); !errors.Is(err, ErrNone) {
			t.Errorf("cleared: %v", err)
		}
		rc.Set(ctx, leasePrefix+"EG_2", "nonsense", 0)
		rc.Set(ctx, leasePrefix+"EG_3", `{"node":"a","info":{"egressId":"EG_3","ofTheFuture":1},"more":2}`, 0)
		if _, err := s.Read(ctx, "EG_2"); err == nil || errors.Is(err, ErrNone) {
			t.Errorf("nonsense: %v", err)
		}
		if r, err := s.Read(ctx, "EG_3"); err != nil || r.Info.EgressId != "EG_3" {
			t.Errorf("of a newer version: %+v, %v", r, err)
		}
	})
}

func TestStoreOwners(t *testing.T) {
	onRedis(t, func(t *testing.T, rc redis.UniversalClient) {
		ctx := t.Context()
		a, b := NewStore(rc, "a", TimesOf(2*time.Minute)), NewStore(rc, "b", TimesOf(2*time.Minute))
		if !must(a.Claim(ctx, "EG_1"))(t) || must(a.Claim(ctx, "EG_1"))(t) || !must(a.Own(ctx, "EG_1"))(t) || must(b.Own(ctx, "EG_1"))(t) {
			t.Error("a has it, and nobody else")
		}
		if err := b.Disown(ctx, "EG_1"); err != nil || must(b.Own(ctx, "EG_1"))(t) {
			t.Errorf("b cannot give up what is not its own: %v", err)
		}
		rc.PExpire(ctx, ownerPrefix+"EG_1", time.Second)
		if !must(a.Own(ctx, "EG_1"))(t) {
			t.Error("a keeps it")
		}
		if d := must(rc.PTTL(ctx, ownerPrefix+"EG_1").Result())(t); d < 10*time.Second {
			t.Errorf("a keeps it for %v", d)
		}
		if err := a.Disown(ctx, "EG_1"); err != nil || !must(b.Own(ctx, "EG_1"))(t) {
			t.Errorf("a gives it up: %v", err)
		}
	})
}

func TestStoreEnds(t *testing.T) {
	onRedis(t, func(t *testing.T, rc redis.UniversalClient) {
		ctx := t.Context()
		s := NewStore(rc, "a", TimesOf(2*time.Minute))
		if _, err := s.ReadEnd(ctx, "EG_1"); !errors.Is(err, ErrNone) {
			t.Errorf("none: %v", err)
		}
		first, second := Record{Node: "a", Info: running("EG_1")}, Record{Node: "b", Info: running("EG_1")}
		if !must(s.TakeEnd(ctx, first))(t) || must(s.TakeEnd(ctx, second))(t) {
			t.Error("the first one takes it")
		}
		if r := must(s.ReadEnd(ctx, "EG_1"))(t); r.Node != "a" || r.Delivered || r.Info.EgressId != "EG_1" {
			t.Errorf("%+v", r)
		}
		if err := s.Delivered(ctx, first); err != nil {
			t.Fatal(err)
		}
		if r := must(s.ReadEnd(ctx, "EG_1"))(t); !r.Delivered {
			t.Errorf("%+v", r)
		}
		if d := must(rc.TTL(ctx, endPrefix+"EG_1").Result())(t); d < 23*time.Hour || d > 24*time.Hour {
			t.Errorf("it lives %v", d)
		}
	})
}

// TestStoreRefused: a user who may not write these keys gets his ends told nevertheless.
func TestStoreRefused(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r := must(rig.StartRedis(ctx, t.TempDir()))(t)
	defer r.Close()
	rc := must(r.Client())(t)
	defer rc.Close()
	if err := rc.Do(ctx, "ACL", "SETUSER", "narrow", "on", ">pw", "+@all", "~other:*").Err(); err != nil {
		t.Fatal(err)
	}
	narrow := redis.NewClient(&redis.Options{Addr: r.Addr, Username: "narrow", Password: "pw"})
	defer narrow.Close()
	_, err := NewStore(narrow, "a", TimesOf(time.Minute)).TakeEnd(ctx, Record{Info: running("EG_1")})
	if !Refused(err) {
		t.Errorf("%v", err)
	}
	r.Kill()
	_, err = NewStore(rc, "a", TimesOf(time.Minute)).TakeEnd(ctx, Record{Info: running("EG_1")})
	if err == nil || Refused(err) {
		t.Errorf("away: %v", err)
	}
}
