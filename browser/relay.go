package browser

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
)

var _ slog.Handler = (*relay)(nil)

// relay hands log records to a handler that can be changed: a browser's
// children begin to log in the pool and go on in the egress that takes it.
type relay struct {
	to   *atomic.Pointer[slog.Handler]
	with []func(slog.Handler) slog.Handler // attributes and groups, in order
}

func newRelay(log *slog.Logger) *relay {
	r := &relay{to: new(atomic.Pointer[slog.Handler])}
	r.turn(log)
	return r
}

// turn sends all further records, also of loggers made before, to another log.
func (r *relay) turn(log *slog.Logger) {
	h := log.Handler()
	r.to.Store(&h)
}

func (r *relay) Enabled(ctx context.Context, level slog.Level) bool {
	return (*r.to.Load()).Enabled(ctx, level)
}

func (r *relay) Handle(ctx context.Context, record slog.Record) error {
	h := *r.to.Load()
	for _, with := range r.with {
		h = with(h)
	}
	return h.Handle(ctx, record)
}

func (r *relay) WithAttrs(attrs []slog.Attr) slog.Handler {
	return r.and(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (r *relay) WithGroup(name string) slog.Handler {
	return r.and(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (r *relay) and(with func(slog.Handler) slog.Handler) slog.Handler {
	return &relay{to: r.to, with: append(slices.Clip(r.with), with)}
}
