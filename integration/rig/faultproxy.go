package rig

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// FaultProxy stands in front of a TCP server on the loopback and can be a bad network, or TLS for a server without.
type FaultProxy struct {
	Port int

	to     int
	secure *tls.Config
	wg     sync.WaitGroup

	mu     sync.Mutex
	listen net.Listener // nil while it refuses
	conns  map[net.Conn]struct{}
	pace   time.Duration // for each KiB towards the server
	frozen chan struct{} // not nil while nothing moves; closed when it does again
	made   int
}

const (
	// proxyBuffer is small, so that what the network does not take is soon felt. Without TLS only.
	proxyBuffer = 16 << 10
	paceUnit    = 1 << 10
)

// NewFaultProxy listens on a free port for the server at port to; with secure it speaks TLS itself.
func NewFaultProxy(to int, secure *tls.Config) (*FaultProxy, error) {
	p := &FaultProxy{to: to, secure: secure, conns: map[net.Conn]struct{}{}}
	return p, p.open("127.0.0.1:0")
}

func (p *FaultProxy) open(address string) error {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("fault proxy: %w", err)
	}
	p.mu.Lock()
	p.listen, p.Port = ln, ln.Addr().(*net.TCPAddr).Port
	p.mu.Unlock()
	p.wg.Go(func() { p.accept(ln) })
	return nil
}

// Made is how many connections were made so far.
func (p *FaultProxy) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// Freeze lets nothing through any more, in either direction; connections stay, and new ones are made.
func (p *FaultProxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen = make(chan struct{})
	}
}

// Throttle lets through so many bytes a second towards the server; 0 = all.
func (p *FaultProxy) Throttle(bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = 0
	if bytes > 0 {
		p.pace = time.Second * paceUnit / time.Duration(bytes)
	}
}

// Reset breaks all connections with a RST.
func (p *FaultProxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
		_ = c.Close()
	}
}

// Refuse breaks all connections and takes no new ones.
func (p *FaultProxy) Refuse() {
	p.mu.Lock()
	if p.listen != nil {
		_ = p.listen.Close()
		p.listen = nil
	}
	p.mu.Unlock()
	p.Reset()
}

// Heal ends all faults.
func (p *FaultProxy) Heal() error {
	p.Throttle(0)
	p.mu.Lock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
	refusing := p.listen == nil
	p.mu.Unlock()
	if refusing {
		return p.open(fmt.Sprintf("127.0.0.1:%d", p.Port))
	}
	return nil
}

// Close ends it and everything that goes through it.
func (p *FaultProxy) Close() error {
	err := p.Heal()
	p.Refuse()
	p.wg.Wait()
	return err
}

func (p *FaultProxy) accept(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(c) })
	}
}

func (p *FaultProxy) serve(client net.Conn) {
	defer client.Close()
	// TLS comes in records of 16 KiB, of which so small a buffer drops some: bursts then take seconds.
	if t, ok := client.(*net.TCPConn); ok && p.secure == nil {
		_ = t.SetReadBuffer(proxyBuffer)
	}
	server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.to))
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.made++
	p.conns[client], p.conns[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, client)
		delete(p.conns, server)
	}()
	near := client
	if p.secure != nil {
		near = tls.Server(client, p.secure)
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(server, near, true) })
	both.Go(func() { p.pump(near, server, false) })
	both.Wait()
}

// pump copies one direction until it ends, and passes the end on.
func (p *FaultProxy) pump(to, from net.Conn, paced bool) {
	b := make([]byte, paceUnit)
	for {
		p.mu.Lock()
		frozen, pace := p.frozen, p.pace
		p.mu.Unlock()
		if frozen != nil {
			<-frozen
			continue
		}
		n, err := from.Read(b)
		if n > 0 {
			if paced && pace > 0 {
				time.Sleep(pace * time.Duration(n) / paceUnit)
			}
			if _, err := to.Write(b[:n]); err != nil {
				_ = from.Close()
				return
			}
		}
		if err != nil {
			if half, ok := to.(interface{ CloseWrite() error }); ok && errors.Is(err, io.EOF) {
				_ = half.CloseWrite()
			} else {
				_ = to.Close()
			}
			return
		}
	}
}
