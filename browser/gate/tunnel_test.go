package gate

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/names"
)

// echo answers every connection with what it says.
func echo(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l
}

// ask makes a request over a new connection to a gate and reads the head of its answer.
func ask(t *testing.T, g *Gate, method, request string) (net.Conn, *bufio.Reader, *http.Response) {
	t.Helper()
	c, err := net.Dial("tcp", g.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return c, r, res
}

func connect(host string) string {
	return "CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"
}

// TestGateCarries: a tunnel carries what both ends say until one of them, or the gate, ends it.
func TestGateCarries(t *testing.T) {
	l := echo(t)
	g := open(t, nil, noProxy)
	// The first words of the tunnel come with the request.
	c, r, res := ask(t, g, http.MethodConnect, connect(l.Addr().String())+"early ")
	if res.StatusCode != http.StatusOK {
		t.Fatal(res.Status)
	}
	if _, err := io.WriteString(c, "late"); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(r); err != nil || string(said) != "early late" {
		t.Errorf("%q, %v", said, err)
	}
	c, r, _ = ask(t, g, http.MethodConnect, connect(l.Addr().String()))
	g.Close()
	if _, err := io.WriteString(c, "after the end"); err == nil {
		if said, _ := io.ReadAll(r); len(said) > 0 {
			t.Errorf("%q after the end", said)
		}
	}
}

// TestGateCutsUpgrades: a WebSocket that was asked for without a tunnel ends with the gate, too.
func TestGateCutsUpgrades(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_, _ = io.Copy(c, c)
		_ = c.Close()
	}))
	defer s.Close()
	g := open(t, nil, noProxy)
	c, r, res := ask(t, g, http.MethodGet, "GET "+s.URL+"/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	if res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res.Status)
	}
	if _, err := io.WriteString(c, "said\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := r.ReadString('\n'); err != nil || line != "said\n" {
		t.Errorf("%q, %v", line, err)
	}
	g.Close()
	if said, _ := io.ReadAll(r); len(said) > 0 {
		t.Errorf("%q after the end", said)
	}
}

// TestGateHasRoom for as many as a browser opens, and not for more.
func TestGateHasRoom(t *testing.T) {
	l := echo(t)
	g := open(t, nil, noProxy)
	for range maxOpen {
		if _, _, res := ask(t, g, http.MethodConnect, connect(l.Addr().String())); res.StatusCode != http.StatusOK {
			t.Fatal(res.Status)
		}
	}
	if _, _, res := ask(t, g, http.MethodConnect, connect(l.Addr().String())); res.StatusCode != http.StatusServiceUnavailable {
		t.Error(res.Status)
	}
	long := strings.Repeat("x", maxHost+1)
	g = open(t, nil, noProxy)
	if _, _, res := ask(t, g, http.MethodConnect, connect(long+":80")); res.StatusCode != http.StatusBadRequest {
		t.Error(res.Status)
	}
}

// TestGateUpstream: where this machine has a proxy it makes the connections, to what may be reached.
func TestGateUpstream(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") })
	plainly, secure := httptest.NewServer(page), httptest.NewTLSServer(page)
	defer plainly.Close()
	defer secure.Close()
	theirs := open(t, nil, noProxy) // is a proxy, too
	var asked sync.Map
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Host, r.Header.Get("Proxy-Authorization"))
		if r.Host == "nowhere.invalid:443" {
			http.Error(w, "unknown here, too", http.StatusBadGateway)
			return
		}
		theirs.serve(w, r)
	}))
	defer proxy.Close()
	at, _ := url.Parse(strings.Replace(proxy.URL, "http://", "http://ann:secret@", 1))
	nobody, err := names.Start("127.0.0.1:0", func(string, int) []netip.Addr { return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nobody.Close)
	g := open(t, nobody.Resolver(), func(*url.URL) (*url.URL, error) { return at, nil })
	g.Limit(Policy{Deny: rules(t, "denied.invalid", "127.0.0.2"), Always: []string{"127.0.0.2:1"}}, quiet)
	if err := g.inspect(t.Context(), &url.URL{Scheme: "http", Host: "127.0.0.2:1"}); err != nil {
		t.Error(err)
	}
	c := through(t, g)
	for _, target := range []string{plainly.URL, secure.URL} {
		if code, body, err := read(t, c, target); err != nil || code != http.StatusOK || body != "page" {
			t.Errorf("%d %q %v", code, body, err)
		}
		_, host, _ := strings.Cut(target, "://")
		if said, ok := asked.Load(host); !ok || said != "Basic YW5uOnNlY3JldA==" {
			t.Errorf("the proxy was asked for %s: %v, %v", host, ok, said)
		}
	}
	for _, target := range []string{"http://denied.invalid/", "http://127.0.0.2:2/", "http://169.254.169.254/"} {
		if code, _, err := read(t, c, target); err != nil || code != http.StatusForbidden {
			t.Errorf("%s: %d %v", target, code, err)
		}
	}
	if _, ok := asked.Load("denied.invalid"); ok {
		t.Error("the proxy was asked for what is denied")
	}
	// What cannot be looked up here may be known there.
	if _, _, err := read(t, c, "https://nowhere.invalid/"); err == nil {
		t.Error("a tunnel to nowhere")
	}
	if _, ok := asked.Load("nowhere.invalid:443"); !ok || g.Failure("nowhere.invalid:443") != errNoProxy {
		t.Errorf("asked %v, %v", ok, g.Failure("nowhere.invalid:443"))
	}
}
