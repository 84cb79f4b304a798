package gate

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	headerWait = 30 * time.Second
	idleWait   = 2 * time.Minute
	// maxOpen is more connections and requests at once than Chromium makes through one proxy.
	maxOpen = 256
	// maxHost is more than a host's name and its port have.
	maxHost = 300
)

// Gate is one proxy. Make it with Start.
type Gate struct {
	log      atomic.Pointer[slog.Logger]
	policy   atomic.Pointer[Policy] // nil = everything may be reached
	resolver *net.Resolver          // nil = the system's
	upstream func(*url.URL) (*url.URL, error)

	listener net.Listener
	server   http.Server
	direct   *http.Transport // dials what is asked for
	behind   *http.Transport // asks the upstream proxy
	pages    *httputil.ReverseProxy
	failures failures
	origin   origin

	life  context.Context
	end   context.CancelFunc
	wg    sync.WaitGroup
	close sync.Once

	mu     sync.Mutex
	open   int
	closed bool // nothing begins any more
}

// Start listens on a free port of the loopback. Everything may be reached until Limit. Where this process has a proxy
// (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) pages go through it, too.
func Start(log *slog.Logger) (*Gate, error) { return start(log, nil, environmentProxy) }

func start(log *slog.Logger, resolver *net.Resolver, upstream func(*url.URL) (*url.URL, error)) (*Gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("web egress gate: %w", err)
	}
	g := &Gate{listener: l, resolver: resolver, upstream: upstream, origin: origin{spaceOf: spaceOf}}
	g.log.Store(log)
	g.life, g.end = context.WithCancel(context.Background())
	// Chromium decides what it keeps open; what it does not use the gate need not keep long.
	g.direct = &http.Transport{
		DialContext: g.dial, MaxIdleConnsPerHost: 6, IdleConnTimeout: idleWait, DisableCompression: true,
	}
	g.behind = &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return g.upstream(r.URL) },
		MaxIdleConnsPerHost: 6, IdleConnTimeout: idleWait, DisableCompression: true,
	}
	discard := slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	g.pages = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL, r.Out.Host = r.In.URL, r.In.Host // the headers of the hop are gone
		},
		Transport: g, FlushInterval: -1, ErrorHandler: g.failed, ErrorLog: discard,
	}
	g.server = http.Server{
		Handler: http.HandlerFunc(g.serve), ReadHeaderTimeout: headerWait, ErrorLog: discard,
		BaseContext: func(net.Listener) context.Context { return g.life },
	}
	g.wg.Go(func() { _ = g.server.Serve(l) })
	return g, nil
}

// Addr is host:port of the proxy.
func (g *Gate) Addr() string { return g.listener.Addr().String() }

// Limit says what may be reached from now on, and who is told of what is refused. What is open stays open: a browser that
// is limited has not been anywhere yet.
func (g *Gate) Limit(p Policy, log *slog.Logger) {
	g.log.Store(log)
	g.origin.begin(p.Page)
	g.policy.Store(&p)
	g.direct.CloseIdleConnections()
	g.behind.CloseIdleConnections()
}

// Close cuts everything that goes through and waits until that is done.
func (g *Gate) Close() {
	g.close.Do(func() {
		g.mu.Lock()
		g.closed = true
		g.mu.Unlock()
		g.end()
		_ = g.server.Close()
	})
	g.wg.Wait()
	g.direct.CloseIdleConnections()
	g.behind.CloseIdleConnections()
}

// enter has Close wait for a request or tunnel; false when it is not to begin.
func (g *Gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.open == maxOpen {
		return false
	}
	g.open++
	g.wg.Add(1)
	return true
}

func (g *Gate) leave() {
	g.mu.Lock()
	g.open--
	g.mu.Unlock()
	g.wg.Done()
}

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	if !g.enter() {
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	defer g.leave()
	switch {
	case len(r.Host) > maxHost:
		http.Error(w, "no host has such a name", http.StatusBadRequest)
	case r.Method == http.MethodConnect:
		g.tunnel(w, r)
	case r.URL.Scheme == "http" && r.URL.Host != "":
		g.pages.ServeHTTP(w, r)
	default:
		http.Error(w, "this is a proxy for http and https", http.StatusBadRequest)
	}
}

// RoundTrip makes a request without TLS.
func (g *Gate) RoundTrip(r *http.Request) (*http.Response, error) {
	transport := g.direct
	proxy, err := g.upstream(r.URL)
	if err == nil && proxy != nil {
		transport, err = g.behind, g.inspect(r.Context(), r.URL)
	}
	var res *http.Response
	if err == nil {
		res, err = transport.RoundTrip(r)
	}
	if err != nil {
		return nil, err
	}
	g.failures.forget(Endpoint(r.URL))
	g.origin.answered(r, res)
	return res, nil
}

// failed answers what could not be reached: 403 when it may not be, 502 otherwise.
func (g *Gate) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits for it any more
	}
	at, why := Endpoint(target(r)), explain(err)
	news := g.failures.keep(at, why)
	if !isRefusal(err) {
		http.Error(w, why.Error(), http.StatusBadGateway)
		return
	}
	if news {
		g.log.Load().Warn("the page asked for what it may not reach", "host", at, "error", why)
	}
	http.Error(w, why.Error(), http.StatusForbidden)
}

// target is the address that a request is for; that of a tunnel has no scheme and always a port.
func target(r *http.Request) *url.URL {
	if r.Method == http.MethodConnect {
		return &url.URL{Scheme: "https", Host: r.Host}
	}
	return r.URL
}
