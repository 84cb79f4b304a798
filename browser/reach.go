package browser

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/ffegress/ffegress/browser/gate"
)

// tunnelError is all that Chromium says of a connection that its proxy did not make.
const tunnelError = "net::ERR_TUNNEL_CONNECTION_FAILED"

// limit says what pages may reach.
func (b *Browser) limit(o *Options) {
	if b.gate != nil && o.Reach != nil {
		b.gate.Limit(*o.Reach, o.Log)
	}
}

// explain puts what the gate knows in the place of what Chromium sees of it: the answer of a proxy.
func (p *page) explain(ctx context.Context, nav *navigation, err error) error {
	var pageErr *PageError
	if p.gate == nil || !errors.As(err, &pageErr) {
		return err
	}
	switch {
	case pageErr.Reason == tunnelError:
		if why := p.awaitFailure(ctx, nav); why != nil {
			return &PageError{Reason: why.Error()}
		}
	case pageErr.Status == http.StatusForbidden, pageErr.Status == http.StatusBadGateway:
		// The page's own server may have said so, too.
		if why := p.gateFailure(nav); why != nil {
			return &PageError{Reason: why.Error()}
		}
	}
	return err
}

// awaitFailure waits for the address that a load was redirected to, which comes by another channel than the load's end.
func (p *page) awaitFailure(ctx context.Context, nav *navigation) error {
	timer := time.NewTimer(callWait)
	defer timer.Stop()
	for {
		if why := p.gateFailure(nav); why != nil {
			return why
		}
		select {
		case <-nav.changed:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *page) gateFailure(nav *navigation) error {
	p.mu.Lock()
	asked := nav.asked
	p.mu.Unlock()
	u, err := url.Parse(asked)
	if err != nil {
		return nil
	}
	return p.gate.Failure(gate.Endpoint(u))
}
