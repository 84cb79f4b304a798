package gate

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ffegress/ffegress/integration/names"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for machines that are busy.
const patience = 30 * time.Second

var quiet = slog.New(slog.DiscardHandler)

func noProxy(*url.URL) (*url.URL, error) { return nil, nil }

func open(t *testing.T, resolver *net.Resolver, upstream func(*url.URL) (*url.URL, error)) *Gate {
	t.Helper()
	g, err := start(quiet, resolver, upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return g
}

// through is a client that goes through the gate, as a browser does.
func through(t *testing.T, g *Gate) *http.Client {
	t.Helper()
	transport := &http.Transport{
		Proxy:             http.ProxyURL(&url.URL{Scheme: "http", Host: g.Addr()}),
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func read(t *testing.T, c *http.Client, target string) (int, string, error) {
	t.Helper()
	res, err := c.Get(target)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

// counted serves a page on an address and counts who has come.
func counted(t *testing.T, at string) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	served := new(atomic.Int32)
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		_, _ = io.WriteString(w, "page of "+r.Host)
	})}}
	s.Start()
	t.Cleanup(s.Close)
	return s, served
}

func portAt(t *testing.T, l net.Listener) (string, int) {
	t.Helper()
	at := netip.MustParseAddrPort(l.Addr().String())
	_, port, _ := net.SplitHostPort(at.String())
	return port, int(at.Port())
}

func TestGatePasses(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Proxy-Connection", "X-Forwarded-For", "Proxy-Authorization"} {
			if r.Header.Get(name) != "" {
				t.Errorf("headers of the proxy: %v", r.Header)
			}
		}
		w.Header().Set("Content-Encoding", "x")
		_, _ = io.WriteString(w, "page of "+r.Host+r.URL.String())
	})
	plainly, secure := httptest.NewServer(page), httptest.NewTLSServer(page)
	defer plainly.Close()
	defer secure.Close()
	g := open(t, nil, noProxy)
	c := through(t, g)
	for _, limited := range []bool{false, true} {
		if limited {
			g.Limit(Policy{}, quiet)
		}
		for _, base := range []string{plainly.URL, secure.URL, strings.Replace(plainly.URL, "127.0.0.1", "page.localhost", 1)} {
			_, host, _ := strings.Cut(base, "://")
			if code, body, err := read(t, c, base+"/a?b=c"); err != nil || code != http.StatusOK || body != "page of "+host+"/a?b=c" {
				t.Errorf("%d %q %v", code, body, err)
			}
		}
	}
}

// TestGateRefuses: neither by another name, nor by a redirect, nor in a tunnel.
func TestGateRefuses(t *testing.T) {
	inside, served := counted(t, "127.0.0.1:0")
	port, number := portAt(t, inside.Listener)
	outside := httptest.NewServer(http.RedirectHandler("http://localhost:"+port+"/secret?token=sesame", http.StatusFound))
	defer outside.Close()
	var out bytes.Buffer
	g := open(t, nil, noProxy)
	g.Limit(Policy{Ports: []int{number}}, slog.New(slog.NewTextHandler(&out, nil)))
	c := through(t, g)
	for _, target := range []string{
		inside.URL, "http://localhost:" + port, "http://x.localhost:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://0.0.0.0:" + port,
		outside.URL, "http://169.254.169.254/latest/meta-data", "http://[fe80::1]:80",
	} {
		for range 2 { // the second time the log has it
			if code, body, err := read(t, c, target+"/"); err != nil || code != http.StatusForbidden || !strings.Contains(body, "web_egress does not allow it (") {
				t.Errorf("%s: %d %q %v", target, code, body, err)
			}
		}
		if u, _ := url.Parse(target); target != outside.URL && g.Failure(Endpoint(u)) == nil {
			t.Errorf("%s: nothing is remembered", target)
		}
	}
	if _, _, err := read(t, c, "https://localhost:"+port+"/"); err == nil {
		t.Error("a tunnel was made")
	}
	if n := served.Load(); n > 0 {
		t.Errorf("%d requests came through", n)
	}
	told := out.String()
	if strings.Contains(told, "sesame") || strings.Count(told, "169.254.169.254:80") != 1 {
		t.Errorf("%s", told)
	}
	if code, _, err := read(t, http.DefaultClient, "http://"+g.Addr()+"/"); err != nil || code != http.StatusBadRequest {
		t.Errorf("a request that is for the gate itself: %d, %v", code, err)
	}
}

// TestGateNames: a name counts by what it is when it is dialled.
func TestGateNames(t *testing.T) {
	good, _ := counted(t, "127.0.0.1:0")
	port, _ := portAt(t, good.Listener)
	bad, served := counted(t, "127.0.0.2:"+port)
	defer bad.Close()
	here, there := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	server, err := names.Start("127.0.0.1:0", func(name string, asked int) []netip.Addr {
		switch {
		case name == "good.example", name == "rebound.example" && asked == 0:
			return []netip.Addr{here}
		case name == "mixed.example":
			return []netip.Addr{there, here}
		case name == "metadata.example":
			return []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}
		case name == "bad.example", name == "rebound.example":
			return []netip.Addr{there}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	g := open(t, server.Resolver(), noProxy)
	g.Limit(Policy{Deny: rules(t, "127.0.0.2", "denied.example")}, quiet)
	c := through(t, g)
	for _, tt := range []struct {
		host string
		code int
	}{
		{"good.example", http.StatusOK},
		{"bad.example", http.StatusForbidden},
		{"rebound.example", http.StatusOK},
		{"rebound.example", http.StatusForbidden},
		{"mixed.example", http.StatusOK}, // by the address that is not denied
		{"metadata.example", http.StatusForbidden},
		{"nowhere.example", http.StatusBadGateway},
		{"denied.example", http.StatusForbidden},
	} {
		// A connection that is kept would not be dialled again.
		g.direct.CloseIdleConnections()
		if code, body, err := read(t, c, "http://"+tt.host+":"+port+"/"); err != nil || code != tt.code {
			t.Errorf("%s: %d %q %v", tt.host, code, body, err)
		}
	}
	if n := served.Load(); n > 0 {
		t.Errorf("%d requests came through", n)
	}
	if n := server.Asked("denied.example"); n > 0 {
		t.Errorf("a denied name was looked up %d times", n)
	}
	if err := g.Failure("nowhere.example:" + port); err != errNotResolved {
		t.Errorf("nowhere: %v", err)
	}
}

// TestGateFailures has the names that Chromium gives to what goes wrong.
func TestGateFailures(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer silent.Close()
	g := open(t, nil, noProxy)
	c := through(t, g)
	for target, want := range map[string]error{
		"http://" + closed: errNoOneThere, silent.URL: errEmpty,
	} {
		code, _, err := read(t, c, target)
		u, _ := url.Parse(target)
		if why := g.Failure(Endpoint(u)); err != nil || code != http.StatusBadGateway || why != want {
			t.Errorf("%s: %d %v, %v", target, code, err, why)
		}
	}
	if _, _, err := read(t, c, "https://"+closed); err == nil {
		t.Error("a tunnel to nobody")
	}
	again, err := net.Listen("tcp", closed)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: again, Config: &http.Server{Handler: http.NotFoundHandler()}}
	s.Start()
	defer s.Close()
	if code, _, err := read(t, c, "http://"+closed); err != nil || code != http.StatusNotFound || g.Failure(closed) != nil {
		t.Errorf("it is there again: %d, %v, %v", code, err, g.Failure(closed))
	}
}
