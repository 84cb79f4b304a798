package spine

import (
	"fmt"
	"slices"
	"time"
)

// percentile is the nearest-rank percentile of values; 0 of none.
func percentile(values []time.Duration, p int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// spread tells how values lie.
func spread(values []time.Duration) string {
	ms := func(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }
	return fmt.Sprintf("p50 %d ms, p95 %d ms, max %d ms (n = %d)",
		ms(percentile(values, 50)), ms(percentile(values, 95)), ms(percentile(values, 100)), len(values))
}
