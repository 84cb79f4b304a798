package lease

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/livekit/protocol/livekit"
)

// endsOf is a Redis with one egress' end in it.
type endsOf struct {
	first bool
	there Record
	owner bool
	err   error
	noted bool
}

func (e *endsOf) TakeEnd(context.Context, Record) (bool, error)   { return e.first, e.err }
func (e *endsOf) ReadEnd(context.Context, string) (Record, error) { return e.there, e.err }
func (e *endsOf) Own(context.Context, string) (bool, error)       { return e.owner, e.err }
func (e *endsOf) Delivered(_ context.Context, _ Record) error     { e.noted = true; return e.err }

// reply is an answer of Redis that is an error.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

func TestTake(t *testing.T) {
	own, other := &livekit.EgressInfo{Details: "own"}, &livekit.EgressInfo{Details: "other"}
	away := errors.New("away")
	for _, c := range []struct {
		name  string
		redis endsOf
		tell  *livekit.EgressInfo
		again bool
		err   error
	}{
		{"the first", endsOf{first: true}, own, false, nil},
		{"told", endsOf{there: Record{Node: "b", Info: other, Delivered: true}}, nil, false, nil},
		{"told by this one", endsOf{there: Record{Node: "a", Info: own, Delivered: true}}, nil, false, nil},
		{"tried by this one", endsOf{there: Record{Node: "a", Info: other}}, other, true, nil},
		{"another is at it", endsOf{there: Record{Node: "b", Info: other}}, nil, false, ErrElsewhere},
		{"another has died over it", endsOf{there: Record{Node: "b", Info: other}, owner: true}, other, true, nil},
		{"away", endsOf{err: away}, nil, false, away},
		{"starting", endsOf{err: reply("LOADING Redis is loading the dataset in memory")}, nil, false, reply("LOADING Redis is loading the dataset in memory")},
		{"no master", endsOf{err: reply("READONLY You can't write against a read only replica.")}, nil, false, reply("READONLY You can't write against a read only replica.")},
		{"not allowed", endsOf{err: reply("NOPERM this user has no permissions")}, own, false, nil},
	} {
		e := &Ends{store: &c.redis, node: "a", log: slog.New(slog.DiscardHandler)}
		tell, again, err := e.Take(t.Context(), own)
		if !errors.Is(err, c.err) || (c.err == nil && (tell != c.tell || again != c.again)) {
			t.Errorf("%s: %v, %v, %v", c.name, tell, again, err)
		}
		e.Delivered(t.Context(), own)
		if !c.redis.noted {
			t.Errorf("%s: not noted", c.name)
		}
	}
}

func TestEnded(t *testing.T) {
	for _, c := range []struct {
		redis endsOf
		want  bool
	}{
		{endsOf{there: Record{Node: "b"}}, true},
		{endsOf{there: Record{Node: "a"}}, false},
		{endsOf{err: ErrNone}, false},
	} {
		e := &Ends{store: &c.redis, node: "a"}
		if got, err := e.Ended(t.Context(), "EG_1"); got != c.want || err != nil {
			t.Errorf("%+v: %v, %v", c.redis, got, err)
		}
	}
	e := &Ends{store: &endsOf{err: errAway}, node: "a"}
	if _, err := e.Ended(t.Context(), "EG_1"); !errors.Is(err, errAway) {
		t.Errorf("away: %v", err)
	}
}
