package main

import (
	"log/slog"

	"github.com/ffegress/ffegress/service/config"
)

// warn tells what the configuration says in vain.
func warn(log *slog.Logger, warnings []config.Warning) {
	for _, w := range warnings {
		log.Warn("configuration", "warning", w.String())
	}
}
