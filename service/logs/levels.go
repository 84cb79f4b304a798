package logs

import (
	"context"
	"log/slog"
	"strings"

	"github.com/ffegress/ffegress/service/config"
)

// levels are the least levels told, by component; "" is that of all others.
type levels map[string]slog.Level

// levelsOf reads them; components tells that there is more than one.
func levelsOf(c config.Logging) (l levels, components bool) {
	l = levels{"": c.SlogLevel()}
	for name, level := range c.ComponentLevels {
		if parsed, ok := config.ParseLevel(level); ok {
			l[strings.Trim(name, ".")] = parsed
		}
	}
	return l, len(l) > 1
}

func (l levels) lowest() slog.Level {
	low := l[""]
	for _, level := range l {
		low = min(low, level)
	}
	return low
}

// of is the level of a component, or of the nearest one that it is part of: service.session is part of service.
func (l levels) of(component string) slog.Level {
	for component != "" {
		if level, ok := l[component]; ok {
			return level
		}
		component = component[:max(strings.LastIndexByte(component, '.'), 0)]
	}
	return l[""]
}

// levelled tells a line if its component's level lets it.
type levelled struct {
	slog.Handler
	least levels
}

func (h *levelled) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < h.least.of(componentOf(r.PC)) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h *levelled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &levelled{h.Handler.WithAttrs(attrs), h.least}
}

func (h *levelled) WithGroup(name string) slog.Handler {
	return &levelled{h.Handler.WithGroup(name), h.least}
}
