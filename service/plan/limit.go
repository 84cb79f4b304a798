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
		{w.want.segments != nil, l.SegmentOutputMaxDuration},
		{len(w.want.images) > 0, l.ImageOutputMaxDuration},
	} {
		if kind.made && kind.limit > 0 && (least == 0 || kind.limit < least) {
			least = kind.limit
		}
	}
	return least
}

// maxSize is how large the file may become; 0 = no limit.
func (w *wish) maxSize(l config.SessionLimits) int64 {
	if w.want.file == nil {
		return 0
	}
	return l.FileOutputMaxSize
}
