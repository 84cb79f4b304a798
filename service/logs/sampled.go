package logs

import (
	"context"
	"log/slog"
	"time"

	"github.com/ffegress/ffegress/service/config"
)

// What sample means where no numbers are given, as in LiveKit's servers.
const (
	defaultInitial  = 20
	defaultInterval = 100
)

// itemKey is the attribute that names what a line is about.
const itemKey = "egressID"

// sampled leaves out the same line, by level and message, when it is said too often: in a second on the whole, and in
// some seconds of one egress.
type sampled struct {
	slog.Handler
	all   *sampler
	items *sampler // nil = they are not looked at
	item  string   // the egress that this logger is for; "" = none
}

func newSampled(h slog.Handler, c config.Logging) *sampled {
	s := &sampled{Handler: h, all: newSampler(time.Second, c.SampleInitial, c.SampleInterval)}
	if c.ItemSampleSeconds > 0 {
		s.items = newSampler(time.Duration(c.ItemSampleSeconds)*time.Second, c.ItemSampleInitial, c.ItemSampleInterval)
	}
	return s
}

func (h *sampled) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		return h.Handler.Handle(ctx, r)
	}
	line := said{level: r.Level, message: r.Message}
	if !h.all.pass(line, time.Now()) {
		return nil
	}
	if h.items != nil {
		line.item = h.item
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == itemKey {
				line.item = a.Value.String()
			}
			return true
		})
		if line.item != "" && !h.items.pass(line, time.Now()) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h *sampled) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := &sampled{h.Handler.WithAttrs(attrs), h.all, h.items, h.item}
	for _, a := range attrs {
		if a.Key == itemKey {
			with.item = a.Value.String()
		}
	}
	return with
}

func (h *sampled) WithGroup(name string) slog.Handler {
	return &sampled{h.Handler.WithGroup(name), h.all, h.items, h.item}
}
