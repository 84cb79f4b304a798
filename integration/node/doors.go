package node

import (
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/integration/names"
	"github.com/ffegress/ffegress/integration/rig"
)

//go:embed probe.html
var probePage []byte

// Addresses of the loopback that stand for three kinds of hosts: where pages come from, what they must not reach, and what
// they may reach, which shows that what they try works.
var (
	pageHost  = netip.MustParseAddr("127.0.0.1")
	vaultHost = netip.MustParseAddr("127.0.0.2")
	openHost  = netip.MustParseAddr("127.0.0.3")
)

// nameServer is where a resolver looks that is told nothing but an address.
const nameServer = "127.0.88.53"

// door is a listener that counts who comes.
type door struct {
	net.Listener
	came atomic.Int32
}

func (d *door) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err == nil {
		d.came.Add(1)
	}
	return c, err
}

// doors are the three hosts, each with a port for pages and one for a call's TCP, and the names that they have.
type doors struct {
	port, raw           int
	page, vault, open   *door
	vaultRaw, openRaw   *door
	servers             []*http.Server
	names               *names.Server
	rebound             atomic.Bool // rebound.example is the vault from now on
	sockets, redirected atomic.Int32
	report              chan string // what the probe has seen
}

func openDoors() (d *doors, err error) {
	d = &doors{report: make(chan string, 1)}
	ports, err := rig.FreePorts(2)
	if err != nil {
		return nil, err
	}
	d.port, d.raw = ports[0], ports[1]
	for _, at := range []struct {
		door **door
		host netip.Addr
		port int
	}{{&d.page, pageHost, d.port}, {&d.vault, vaultHost, d.port}, {&d.open, openHost, d.port}, {&d.vaultRaw, vaultHost, d.raw}, {&d.openRaw, openHost, d.raw}} {
		l, err := net.Listen("tcp", netip.AddrPortFrom(at.host, uint16(at.port)).String())
		if err != nil {
			d.close()
			return nil, err
		}
		*at.door = &door{Listener: l}
		s := &http.Server{Handler: d.handler(), ReadHeaderTimeout: 10 * time.Second}
		d.servers = append(d.servers, s)
		go func() { _ = s.Serve(*at.door) }()
	}
	d.names, err = names.Start(nameServer+":53", d.resolve)
	if err != nil {
		d.close()
		return nil, fmt.Errorf("needs the right to serve names at port 53: %w", err)
	}
	return d, nil
}

func (d *doors) close() {
	for _, s := range d.servers {
		_ = s.Close()
	}
	if d.names != nil {
		d.names.Close()
	}
}

// resolve knows the names of the hosts, and such as lie.
func (d *doors) resolve(name string, _ int) []netip.Addr {
	switch name {
	case "page.example", "elsewhere.test":
		return []netip.Addr{pageHost}
	case "vault.example":
		return []netip.Addr{vaultHost}
	case "open.example":
		return []netip.Addr{openHost}
	case "metadata.example":
		return []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}
	case "rebound.example":
		if d.rebound.Load() {
			return []netip.Addr{vaultHost}
		}
		return []netip.Addr{pageHost}
	}
	return nil
}

func (d *doors) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /probe", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(probePage)
		d.rebound.Store(true)
	})
	mux.HandleFunc("POST /report", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		select {
		case d.report <- string(body):
		default:
		}
	})
	mux.HandleFunc("GET /to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("url"))
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("GET /socket", func(http.ResponseWriter, *http.Request) { d.sockets.Add(1) })
	mux.HandleFunc("GET /redirected", func(http.ResponseWriter, *http.Request) { d.redirected.Add(1) })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "sesame") })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that the next request looks the name up again
		mux.ServeHTTP(w, r)
	})
}
