package service

import (
	"log/slog"
	"testing"
	"time"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
)

// TestCensus: nodes answer whoever asks, be they full or draining, and so does what knows only livekit-server's calls.
func TestCensus(t *testing.T) {
	initStats("", "")
	bus := &Bus{MessageBus: psrpc.NewLocalMessageBus()}
	full, _ := node(t, 8, "web_cpu_cost: 4, max_cpu_utilization: 0.5")
	full.conf.NodeID = "NE_full"
	air(t, full, "EG_1")
	drains, _ := node(t, 2, "")
	drains.conf.NodeID = "NE_drains"
	drains.draining.Store(true)
	for _, s := range []*Service{full, drains} {
		s.bus = bus
		srv, err := s.serveCensus()
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close(false)
	}
	for range 3 { // two nodes, and one of LiveKit Egress
		srv, err := rpc.NewEgressInternalServer(full, bus)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.RegisterListActiveEgressTopic(""); err != nil {
			t.Fatal(err)
		}
		defer srv.Kill()
	}
	nodes, others, err := Census(t.Context(), bus, 2*time.Second, slog.New(slog.DiscardHandler))
	if err != nil || len(nodes) != 2 || others != 1 {
		t.Fatalf("%+v, %d others, %v", nodes, others, err)
	}
	d, f := nodes[0], nodes[1]
	if d.NodeID != "NE_drains" || d.Closed != "draining" || d.Accepts[0].Accept {
		t.Errorf("%+v", d)
	}
	if f.NodeID != "NE_full" || f.Recording != 1 || f.Load.Cores != 8 || len(f.Load.Egresses) != 1 || f.Accepts[2].Accept || f.Accepts[2].Reason == "" {
		t.Errorf("%+v", f)
	}
}
