package main

import (
	"io"
	"log/slog"

	"github.com/ffegress/ffegress/service/config"
)

// newLog makes the logger that the `logging` keys ask for.
func newLog(w io.Writer, conf *config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: conf.Logging.SlogLevel()}
	if conf.Logging.JSON {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// warn tells what the configuration says in vain.
func warn(log *slog.Logger, warnings []config.Warning) {
	for _, w := range warnings {
		log.Warn("configuration", "warning", w.String())
	}
}
