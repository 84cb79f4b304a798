package admit

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// measure lets seconds pass with a measurement at the end of each.
func measure(g *Gate, seconds int, uses map[string]Usage) {
	for range seconds {
		time.Sleep(time.Second) // in a bubble
		g.Measured(Measurement{At: time.Now(), Span: time.Second, Egresses: uses}, 0)
	}
}

// TestGateDecidesOneAtATime: of a burst no more are accepted than there is room for.
func TestGateDecidesOneAtATime(t *testing.T) {
	g := NewGate(Budget{Cores: 10, Share: 0.8})
	need := Need{Cores: 1, Wanted: 1}
	answers := make(chan bool)
	for i := range 50 {
		go func() { answers <- g.Reserve(fmt.Sprintf("EG_%d", i), need).Accepted }()
	}
	accepted := 0
	for range 50 {
		if <-answers {
			accepted++
		}
	}
	if accepted != 8 || g.Count() != 8 {
		t.Errorf("%d of 50 accepted, %d have a place, want 8", accepted, g.Count())
	}
}

func TestGateSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Budget{Cores: 8, Share: 1})
		four := Need{Cores: 4, Wanted: 4}
		used := map[string]Usage{"EG_1": {Cores: 0.5}}
		if v := g.Reserve("EG_1", four); !v.Accepted {
			t.Fatalf("%+v", v)
		}
		measure(g, 60, used) // its page waits for its start
		if v := g.Ask(Need{Wanted: 5}); v.Accepted {
			t.Errorf("the reservation is gone before the recording began: %+v", v)
		}
		g.Active("EG_1")
		measure(g, 14, used)
		g.Active("EG_1") // again changes nothing
		if v := g.Ask(Need{Wanted: 5}); v.Accepted {
			t.Errorf("the reservation is gone too early: %+v", v)
		}
		measure(g, 1, used)
		if v := g.Ask(Need{Wanted: 5}); !v.Accepted || v.FreeCores != 7.5 {
			t.Errorf("the reservation stays: %+v", v)
		}
		measure(g, 3, map[string]Usage{"EG_1": {Cores: 3}})
		if v := g.Ask(Need{Wanted: 5}); !v.Accepted || v.FreeCores != 5 {
			t.Errorf("what it takes now is not seen within three seconds: %+v", v)
		}
		g.Lost()
		if v := g.Ask(Need{Wanted: 5}); v.Accepted {
			t.Errorf("what cannot be measured is reckoned at nothing: %+v", v)
		}
		g.Release("EG_1")
		g.Release("EG_1")
		if v := g.Ask(Need{Wanted: 8}); !v.Accepted || g.Count() != 0 {
			t.Errorf("the place is not given back: %+v", v)
		}
	})
}

// TestGateUnmeasured: time alone settles nothing.
func TestGateUnmeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Budget{Cores: 8, Share: 1})
		g.Reserve("EG_1", Need{Cores: 4, Wanted: 4})
		g.Active("EG_1")
		time.Sleep(time.Hour)
		if v := g.Ask(Need{Wanted: 5}); v.Accepted {
			t.Errorf("%+v", v)
		}
	})
}

func TestStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Budget{Cores: 4, Share: 0.5, Memory: 4 * GB})
		if s := g.Standing(); s.Youngest() != "" || s.Free != 4 || s.Ratio() != 0 {
			t.Errorf("idle: %+v", s)
		}
		g.Reserve("EG_2", Need{Cores: 1, Wanted: 1})
		time.Sleep(time.Second)
		g.Reserve("EG_1", Need{Cores: 1, Wanted: 1})
		time.Sleep(time.Second)
		g.Measured(Measurement{
			At: time.Now(), Span: time.Second, Total: Usage{Cores: 2, PSS: 300}, Shared: Usage{Cores: 0.25},
			Egresses: map[string]Usage{"EG_2": {PSS: 200}, "EG_1": {PSS: 100}},
		}, GB)
		s := g.Standing()
		if s.Youngest() != "EG_1" || s.Egresses[0].Age != 2*time.Second {
			t.Errorf("%+v", s)
		}
		if s.Ratio() != 0.5 || s.Free != 0 || s.Usable != 2 || s.Shared != 0.25 || s.FreeMemory != 2*GB || s.PSS != 300 {
			t.Errorf("%+v", s)
		}
	})
}
