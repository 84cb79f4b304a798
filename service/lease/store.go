package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Keys in Redis.
const (
	leasesKey   = "ffegress:leases"
	leasePrefix = "ffegress:lease:"
	ownerPrefix = "ffegress:owner:"
	endPrefix   = "ffegress:end:"
)

const (
	// recordLife is how long the record of an egress outlives its last change: only what was given up by all is
	// removed by it.
	recordLife = 7 * 24 * time.Hour
	endLife    = 24 * time.Hour
	// renewAtOnce bounds a renewal's arguments, which Lua and other clients of Redis wait for.
	renewAtOnce = 500
)

// ErrNone means that there is no such record.
var ErrNone = errors.New("no record")

// Lapsed is a lease that was not renewed.
type Lapsed struct {
	ID  string
	Ago time.Duration // since it lapsed
}

// Store is the leases in Redis.
type Store struct {
	redis redis.UniversalClient
	node  string
	times Times
}

// NewStore makes the leases of a node. The client stays the caller's.
func NewStore(rc redis.UniversalClient, node string, t Times) *Store {
	return &Store{redis: rc, node: node, times: t}
}

func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.times.io())
}

// Renew has the leases of this node hold for d from now on, and returns those that did not hold any more, or never did.
// Without any it only asks whether Redis answers.
func (s *Store) Renew(ctx context.Context, ids []string, d time.Duration) (fresh []string, err error) {
	if len(ids) == 0 {
		ctx, cancel := s.bound(ctx)
		defer cancel()
		return nil, s.redis.Ping(ctx).Err()
	}
	for len(ids) > 0 {
		some := ids[:min(len(ids), renewAtOnce)]
		ids = ids[len(some):]
		args := []any{d.Milliseconds()}
		for _, id := range some {
			args = append(args, id)
		}
		again, err := s.script(ctx, renewScript, leasesKey, args...).StringSlice()
		if err != nil {
			return fresh, fmt.Errorf("renew leases: %w", err)
		}
		fresh = append(fresh, again...)
	}
	return fresh, nil
}

func (s *Store) script(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return script.Run(ctx, s.redis, []string{key}, args...)
}

// Write keeps what is known of an egress.
func (s *Store) Write(ctx context.Context, r Record) error {
	body, err := r.encode()
	if err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.redis.Set(ctx, leasePrefix+Name(r.Info), body, recordLife).Err()
}

// Read gives what is known of an egress; ErrNone if nothing is.
func (s *Store) Read(ctx context.Context, id string) (Record, error) {
	return s.read(ctx, leasePrefix+id)
}

// ReadEnd gives how an egress has ended; ErrNone if it has not.
func (s *Store) ReadEnd(ctx context.Context, id string) (Record, error) {
	return s.read(ctx, endPrefix+id)
}

func (s *Store) read(ctx context.Context, key string) (Record, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	body, err := s.redis.Get(ctx, key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return Record{}, ErrNone
	case err != nil:
		return Record{}, err
	}
	return decode(body)
}

// Lapsed lists the leases that nobody has renewed, the oldest first.
func (s *Store) Lapsed(ctx context.Context) ([]Lapsed, error) {
	flat, err := s.script(ctx, lapsedScript, leasesKey).Slice()
	if err != nil {
		return nil, fmt.Errorf("look for lapsed leases: %w", err)
	}
	return pairs(flat)
}

// pairs reads the script's answer: an id and milliseconds, by turns.
func pairs(flat []any) ([]Lapsed, error) {
	var out []Lapsed
	for i := 0; i+1 < len(flat); i += 2 {
		id, ok := flat[i].(string)
		ago, number := flat[i+1].(int64)
		if !ok || !number {
			return nil, fmt.Errorf("look for lapsed leases: the answer is %T, %T", flat[i], flat[i+1])
		}
		out = append(out, Lapsed{id, time.Duration(ago) * time.Millisecond})
	}
	return out, nil
}

// Claim makes this node the one that speaks for an egress, for as long as a lease holds; false if one does already.
func (s *Store) Claim(ctx context.Context, id string) (bool, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.redis.SetNX(ctx, ownerPrefix+id, s.node, s.times.Lapse).Result()
}

// Own is Claim, and prolongs what this node has; false if another one speaks for the egress.
func (s *Store) Own(ctx context.Context, id string) (bool, error) {
	won, err := s.Claim(ctx, id)
	if err != nil || won {
		return won, err
	}
	return s.script(ctx, ownAgainScript, ownerPrefix+id, s.node, s.times.Lapse.Milliseconds()).Bool()
}

// Disown lets another node speak for an egress.
func (s *Store) Disown(ctx context.Context, id string) error {
	return s.script(ctx, disownScript, ownerPrefix+id, s.node).Err()
}

// TakeEnd notes how an egress ends if nobody has; false if somebody has.
func (s *Store) TakeEnd(ctx context.Context, r Record) (bool, error) {
	body, err := r.encode()
	if err != nil {
		return false, err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.redis.SetNX(ctx, endPrefix+Name(r.Info), body, endLife).Result()
}

// Delivered notes that livekit-server has been told of an end.
func (s *Store) Delivered(ctx context.Context, r Record) error {
	r.Delivered = true
	body, err := r.encode()
	if err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.redis.Set(ctx, endPrefix+Name(r.Info), body, endLife).Err()
}

// Clear forgets the lease of an egress.
func (s *Store) Clear(ctx context.Context, id string) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return errors.Join(s.redis.ZRem(ctx, leasesKey, id).Err(), s.redis.Del(ctx, leasePrefix+id).Err())
}
