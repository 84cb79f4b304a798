package names

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// Server answers questions for addresses over UDP.
type Server struct {
	conn   net.PacketConn
	answer func(name string, asked int) []netip.Addr
	wg     sync.WaitGroup

	mu    sync.Mutex
	asked map[string]int
}

// Start listens on at ("127.0.0.1:0"). answer gives the addresses of a name, which is in small letters and without the
// dot at its end, when it is asked for that time: 0 the first time.
func Start(at string, answer func(name string, asked int) []netip.Addr) (*Server, error) {
	conn, err := net.ListenPacket("udp", at)
	if err != nil {
		return nil, fmt.Errorf("name server: %w", err)
	}
	s := &Server{conn: conn, answer: answer, asked: map[string]int{}}
	s.wg.Go(s.serve)
	return s, nil
}

// Close ends it.
func (s *Server) Close() {
	_ = s.conn.Close()
	s.wg.Wait()
}

// Asked is how often the IPv4 address of a name was asked for.
func (s *Server) Asked(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

// Resolver asks this server only.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
}

func (s *Server) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply, err := s.reply(buf[:n]); err == nil {
			_, _ = s.conn.WriteTo(reply, from)
		}
	}
}

// reply answers one question. That for IPv4 counts; one for IPv6 gets what the same count gives.
func (s *Server) reply(question []byte) ([]byte, error) {
	var p dnsmessage.Parser
	header, err := p.Start(question)
	if err != nil {
		return nil, err
	}
	q, err := p.Question()
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	s.mu.Lock()
	addrs := s.answer(name, s.asked[name])
	if q.Type == dnsmessage.TypeA {
		s.asked[name]++
	}
	s.mu.Unlock()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionAvailable: true},
		Questions: []dnsmessage.Question{q},
	}
	if len(addrs) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, a := range addrs {
		var body dnsmessage.ResourceBody
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			body = &dnsmessage.AResource{A: a.As4()}
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			body = &dnsmessage.AAAAResource{AAAA: a.As16()}
		default:
			continue
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET}, Body: body,
		})
	}
	return m.Pack()
}
