package rig

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protojson"
)

// Hook is a webhook as it arrived.
type Hook struct {
	Event *livekit.WebhookEvent
	At    time.Time
}

// Webhooks receives the server's webhooks and checks their signatures.
type Webhooks struct {
	URL string

	server *http.Server
	mu     sync.Mutex
	hooks  []Hook
	bad    []error
	news   chan struct{} // closed and replaced at each arrival
}

// StartWebhooks listens on a free loopback port.
func StartWebhooks() (*Webhooks, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start webhook receiver: %w", err)
	}
	w := &Webhooks{URL: fmt.Sprintf("http://%s/hook", l.Addr()), news: make(chan struct{})}
	w.server = &http.Server{Handler: http.HandlerFunc(w.receive), ReadHeaderTimeout: 10 * time.Second}
	go w.server.Serve(l)
	return w, nil
}

func (w *Webhooks) receive(_ http.ResponseWriter, r *http.Request) {
	event, err := verifyHook(r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.bad = append(w.bad, err)
	} else {
		w.hooks = append(w.hooks, Hook{event, time.Now()})
	}
	close(w.news)
	w.news = make(chan struct{})
}

// Egress gives the webhooks about one egress, in order of arrival.
func (w *Webhooks) Egress(id string) []Hook {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.hooks), func(h Hook) bool {
		return h.Event.GetEgressInfo().GetEgressId() != id
	})
}

// Bad gives the errors of webhooks that could not be verified or parsed.
func (w *Webhooks) Bad() []error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.bad)
}

// Wait gives the first webhook, past or future, of which want is true.
func (w *Webhooks) Wait(ctx context.Context, want func(*livekit.WebhookEvent) bool) (Hook, error) {
	for seen := 0; ; {
		w.mu.Lock()
		hooks, news := w.hooks, w.news
		w.mu.Unlock()
		for ; seen < len(hooks); seen++ {
			if want(hooks[seen].Event) {
				return hooks[seen], nil
			}
		}
		select {
		case <-ctx.Done():
			return Hook{}, fmt.Errorf("wait for webhook: %d came, none fits: %w", len(hooks), ctx.Err())
		case <-news:
		}
	}
}

// Close stops listening.
func (w *Webhooks) Close() { w.server.Close() }

// verifyHook checks the token, which must be signed with the rig's secret and
// carry the body's hash.
func verifyHook(r *http.Request) (*livekit.WebhookEvent, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	token, err := auth.ParseAPIToken(r.Header.Get("Authorization"))
	if err != nil {
		return nil, fmt.Errorf("webhook token: %w", err)
	}
	_, claims, err := token.Verify(APISecret)
	if err != nil {
		return nil, fmt.Errorf("webhook token: %w", err)
	}
	sum := sha256.Sum256(body)
	if claims.Sha256 != base64.StdEncoding.EncodeToString(sum[:]) {
		return nil, errors.New("webhook body does not fit its token")
	}
	event := &livekit.WebhookEvent{}
	return event, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(body, event)
}
