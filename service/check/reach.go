package check

import (
	"context"
	"net"
	"sync"

	"github.com/ffegress/ffegress/service/config"
)

// redisAddrs are the addresses that the section leads to at first.
func redisAddrs(r *config.Redis) []string {
	switch {
	case len(r.SentinelAddresses) > 0:
		return r.SentinelAddresses
	case len(r.ClusterAddresses) > 0:
		return r.ClusterAddresses
	}
	return []string{r.Address}
}

// reach connects to each address and gives the errors of those where that fails, in their order. A client that has
// several to choose from tries them again and again, and then does not say what was wrong with which.
func reach(ctx context.Context, addrs []string) (failed []string, errs []error) {
	results := make([]error, len(addrs))
	var wg sync.WaitGroup
	for i, addr := range addrs {
		wg.Go(func() {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", addr)
			if err == nil {
				err = conn.Close()
			}
			results[i] = err
		})
	}
	wg.Wait()
	for i, err := range results {
		if err != nil {
			failed, errs = append(failed, addrs[i]), append(errs, err)
		}
	}
	return failed, errs
}
