package logs

import (
	"io"
	"log/slog"

	"github.com/ffegress/ffegress/service/config"
)

// New makes a logger that writes to w.
func New(w io.Writer, c config.Logging) *slog.Logger {
	least, components := levelsOf(c)
	// What this handler asks for is told; the ones around it have decided.
	o := &slog.HandlerOptions{Level: least.lowest()}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if c.JSON {
		h = slog.NewJSONHandler(w, o)
	}
	if c.Sample {
		h = newSampled(h, c)
	}
	if components {
		h = &levelled{h, least}
	}
	return slog.New(h)
}
