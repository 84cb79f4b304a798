package lease

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/redis/go-redis/v9"
)

// ErrElsewhere means that another node is telling the end; it may yet die over it.
var ErrElsewhere = errors.New("another node is telling the end of the egress")

// endStore is what Ends needs of Redis.
type endStore interface {
	TakeEnd(ctx context.Context, r Record) (bool, error)
	ReadEnd(ctx context.Context, id string) (Record, error)
	Delivered(ctx context.Context, r Record) error
	Own(ctx context.Context, id string) (bool, error)
}

var _ endStore = (*Store)(nil)

// Ends decides which end of an egress is told, and by whom.
type Ends struct {
	store endStore
	node  string
	log   *slog.Logger
}

// NewEnds makes the ends that a node tells.
func NewEnds(s *Store, log *slog.Logger) *Ends { return &Ends{store: s, node: s.node, log: log} }

// Take is called before livekit-server is told that an egress has ended. It returns what it is to be told: info, or what
// a node has decided that could not deliver it; again says that somebody may have told it before. nil: it has been told.
// With an error it is to be tried again later; ErrElsewhere if another node is at it.
func (e *Ends) Take(ctx context.Context, info *livekit.EgressInfo) (tell *livekit.EgressInfo, again bool, err error) {
	tell, again, err = e.take(ctx, info)
	if err != nil && Refused(err) {
		// An end that is told twice is better than one that is never told.
		e.log.Error("Redis does not let this node note how an egress ends", "egressID", info.EgressId, "error", err)
		return info, false, nil
	}
	return tell, again, err
}

func (e *Ends) take(ctx context.Context, info *livekit.EgressInfo) (*livekit.EgressInfo, bool, error) {
	first, err := e.store.TakeEnd(ctx, Record{Node: e.node, Info: info})
	if err != nil || first {
		return info, false, err
	}
	r, err := e.store.ReadEnd(ctx, Name(info))
	switch {
	case err != nil:
		return nil, false, err
	case r.Delivered:
		return nil, false, nil
	case r.Node == e.node:
		return r.Info, true, nil
	}
	mine, err := e.store.Own(ctx, Name(info))
	switch {
	case err != nil:
		return nil, false, err
	case !mine:
		return nil, false, ErrElsewhere
	}
	return r.Info, true, nil
}

// Delivered notes that livekit-server has been told.
func (e *Ends) Delivered(ctx context.Context, info *livekit.EgressInfo) {
	if err := e.store.Delivered(ctx, Record{Node: e.node, Info: info}); err != nil {
		// Whoever finds the record asks livekit-server before it tells it anything.
		e.log.Warn("that an end was told could not be noted", "egressID", info.EgressId, "error", err)
	}
}

// Ended tells whether another node has decided how an egress ends.
func (e *Ends) Ended(ctx context.Context, id string) (bool, error) {
	r, err := e.store.ReadEnd(ctx, id)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return err == nil && r.Node != e.node, err
}

// Refused tells answers of Redis that will not change from those of a Redis that is starting, loses its master or cannot
// be reached.
func Refused(err error) bool {
	var answer redis.Error
	if !errors.As(err, &answer) || errors.Is(err, redis.Nil) {
		return false
	}
	for _, passing := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "BUSY", "NOREPLICAS", "ERR max number of clients"} {
		if strings.HasPrefix(answer.Error(), passing) {
			return false
		}
	}
	return true
}
