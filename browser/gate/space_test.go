package gate

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ffegress/ffegress/integration/names"
)

func TestSpaceOf(t *testing.T) {
	for text, want := range map[string]space{
		"127.0.0.1": here, "::1": here, "0.0.0.0": here, "::ffff:127.0.0.1": here, "64:ff9b::7f00:1": here,
		"10.0.0.1": near, "172.31.0.1": near, "192.168.0.1": near, "100.64.0.1": near, "fd00::1": near, "fe80::1": near, "169.254.1.1": near,
		"64:ff9b::a00:1": near,
		"192.0.2.1":      far, "2001:db8::1": far, "172.32.0.1": far, "64:ff9b::c000:201": far,
	} {
		if got := spaceOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

// TestOrigin: from a page nothing is reached that is nearer than the page, unless it is named.
func TestOrigin(t *testing.T) {
	hosts := map[string]string{"here.example": "127.0.0.3", "near.example": "127.0.0.2", "far.example": "127.0.0.1", "other.example": "127.0.0.1"}
	// The loopback stands for all three.
	spaces := map[string]space{"127.0.0.1": far, "127.0.0.2": near, "127.0.0.3": here}
	_, port, err := net.SplitHostPort(freeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	for host := range spaces {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			if to := r.URL.Query().Get("to"); to != "" {
				http.Redirect(w, r, "http://"+to+":"+port+"/", http.StatusFound)
				return
			}
			_, _ = io.WriteString(w, "page")
		})}}
		s.Start()
		t.Cleanup(s.Close)
	}
	var rebound atomic.Bool
	server, err := names.Start("127.0.0.1:0", func(name string, _ int) []netip.Addr {
		if name == "far.example" && rebound.Load() {
			name = "here.example"
		}
		return []netip.Addr{netip.MustParseAddr(hosts[name])}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)

	for _, tt := range []struct {
		name, page string
		p          Policy
		open       string // the hosts that are reached then
	}{
		{"from outside", "far.example/", Policy{}, "far other"},
		{"from a private network", "near.example/", Policy{}, "far near other"},
		{"from this machine", "here.example/", Policy{}, "far here near other"},
		{"from this machine to the outside", "here.example/?to=far.example", Policy{}, "far other"},
		{"one is named", "far.example/", Policy{Allow: rules(t, "0.0.0.0/0", "near.example")}, "far near other"},
		{"one is always reached", "far.example/", Policy{Always: []string{"here.example:" + port}}, "far here other"},
		{"another host's page", "other.example/", Policy{}, "far other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := open(t, server.Resolver(), noProxy)
			g.origin.spaceOf = func(a netip.Addr) space { return spaces[a.Unmap().String()] }
			tt.p.Page, _, _ = strings.Cut(strings.ToUpper(tt.page), "/")
			g.Limit(tt.p, quiet)
			c := through(t, g)
			get := func(target string) bool {
				code, body, err := read(t, c, "http://"+target)
				if err != nil || code != http.StatusOK && (code != http.StatusForbidden || !strings.Contains(body, "a page from outside")) {
					t.Errorf("%s: %d %q %v", target, code, body, err)
				}
				return code == http.StatusOK
			}
			host, path, _ := strings.Cut(tt.page, "/")
			get(host + ":" + port + "/" + path)
			var reached []string
			for _, host := range []string{"far", "here", "near", "other"} {
				if get(host + ".example:" + port) {
					reached = append(reached, host)
				}
			}
			if got := strings.Join(reached, " "); got != tt.open {
				t.Errorf("reached %s, want %s", got, tt.open)
			}
			if tt.name == "from outside" {
				rebound.Store(true)
				defer rebound.Store(false)
				if get("far.example:" + port) {
					t.Error("the page has changed its address")
				}
			}
		})
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
