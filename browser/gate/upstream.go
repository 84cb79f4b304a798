package gate

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

var errUpstream = errors.New("the proxy of this machine makes no connection")

// environmentProxy is the proxy that this process' environment names for an address, nil for none.
func environmentProxy(u *url.URL) (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: u})
}

// reach connects a tunnel: itself, or by way of the proxy that this machine has.
func (g *Gate) reach(ctx context.Context, to *url.URL) (net.Conn, error) {
	proxy, err := g.upstream(to)
	if err != nil {
		return nil, err
	}
	if proxy == nil {
		return g.dial(ctx, "tcp", to.Host)
	}
	if err := g.inspect(ctx, to); err != nil {
		return nil, err
	}
	if proxy.Scheme != "http" {
		return nil, fmt.Errorf("%w: only http:// proxies are supported", errUpstream)
	}
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", Endpoint(proxy))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	through, err := askThrough(c, proxy, to.Host)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return through, nil
}

// askThrough asks a proxy for a tunnel.
func askThrough(c net.Conn, proxy *url.URL, host string) (net.Conn, error) {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: host}, Host: host, Header: http.Header{}}
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := req.Write(c); err != nil {
		return nil, err
	}
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: it answers %s", errUpstream, res.Status)
	}
	return &buffered{c.(*net.TCPConn), r}, nil
}

// buffered is a connection of which something has been read already.
type buffered struct {
	*net.TCPConn
	r *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.r.Read(p) }
