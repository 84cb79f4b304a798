package plan

import (
	"time"

	"github.com/ffegress/ffegress/service/config"
)

// maxDuration is the smallest limit of what is made; 0 = none.
func (w *wish) maxDuration(l config.SessionLimits) time.Duration {
	least := time.Duration(0)
	for _, kind := range []struct {
		made  bool
		limit time.Duration
	}{
		{w.want.file != nil || w.want.direct, l.FileOutputMaxDuration},
		{w.want.stream != nil, l.StreamOutputMaxDuration},
	} {
		if kind.made && kind.limit > 0 && (least == 0 || kind.limit < least) {
			least = kind.limit
		}
	}
	return least
}
