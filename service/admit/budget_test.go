package admit

import (
	"strings"
	"testing"
)

func TestDecide(t *testing.T) {
	need := func(cores float64) Need { return Need{Cores: cores, Wanted: cores} }
	reserved := func(cores, used float64, settled bool) claim {
		return claim{reserved: need(cores), settled: settled, used: Usage{Cores: used}}
	}
	for _, tt := range []struct {
		name             string
		budget           Budget
		load             load
		need             Need
		accepted, beyond bool
		free             float64
		reason           string
	}{
		{
			name: "an idle node gives all its cores", budget: Budget{Cores: 4, Share: 0.8}, need: need(4),
			accepted: true, free: 4,
		}, {
			name: "an idle node attempts what takes more", budget: Budget{Cores: 2, Share: 0.8}, need: need(4),
			accepted: true, beyond: true, free: 2, reason: "needs 4.00 cores, the node has 2.00",
		}, {
			name: "what cannot be attempted", budget: Budget{Cores: 0.5, Share: 0.8}, need: need(4),
			free: 0.5, reason: "cannot even attempt",
		}, {
			name: "a reservation counts until it has settled", budget: Budget{Cores: 8, Share: 0.8},
			load: load{claims: []claim{reserved(4, 0.5, false)}}, need: need(4),
			free: 2.4, reason: "CPU: needs 4.00 cores, free are 2.40 of 6.40",
		}, {
			name: "then what was measured does", budget: Budget{Cores: 8, Share: 0.8},
			load: load{claims: []claim{reserved(4, 0.5, true)}}, need: need(4),
			accepted: true, free: 5.9,
		}, {
			name: "more than was reserved", budget: Budget{Cores: 8, Share: 0.8},
			load: load{claims: []claim{reserved(1, 3, false)}}, need: need(4),
			free: 3.4, reason: "CPU",
		}, {
			name: "what runs for nobody counts too", budget: Budget{Cores: 8, Share: 0.8},
			load: load{claims: []claim{reserved(4, 0.5, true)}, shared: Usage{Cores: 2}}, need: need(4),
			free: 3.9, reason: "CPU",
		}, {
			name: "never less than nothing", budget: Budget{Cores: 1, Share: 0.8},
			load: load{claims: []claim{reserved(4, 0, false)}}, need: need(0.5),
			free: 0, reason: "free are 0.00",
		}, {
			name: "what costs nothing is never in the way", budget: Budget{Cores: 1, Share: 0.8},
			load: load{claims: []claim{reserved(4, 0, false)}}, need: need(0), accepted: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.budget.decide(tt.load, tt.need)
			if v.Accepted != tt.accepted || v.Beyond != tt.beyond {
				t.Errorf("%+v", v)
			}
			if d := v.FreeCores - tt.free; d < -1e-9 || d > 1e-9 {
				t.Errorf("free are %v, want %v", v.FreeCores, tt.free)
			}
			if !strings.Contains(v.Reason, tt.reason) || (tt.reason == "") != (v.Reason == "") {
				t.Errorf("reason %q, want %q", v.Reason, tt.reason)
			}
		})
	}
}

// TestDecideByMemory: usage + pending + cost + 1 GB must stay below max_memory.
func TestDecideByMemory(t *testing.T) {
	b := Budget{Cores: 100, Share: 0.8, Memory: 8 * GB}
	for _, tt := range []struct {
		name     string
		used     int64
		claims   []claim
		cost     int64
		accepted bool
	}{
		{"idle", 2 * GB, nil, 2 * GB, true},
		{"exactly full", 5 * GB, nil, 2 * GB, false},
		{"one byte less", 5*GB - 1, nil, 2 * GB, true},
		{"pending", 2 * GB, []claim{{reserved: Need{Memory: 3 * GB}}}, 2 * GB, false},
		{"part of it is taken already", 4 * GB, []claim{{reserved: Need{Memory: 3 * GB}, used: Usage{PSS: 3 * GB}}}, 2 * GB, true},
		{"settled", 2 * GB, []claim{{reserved: Need{Memory: 3 * GB}, settled: true}}, 2 * GB, true},
		{"no cost is set", 7 * GB, nil, 0, false},
	} {
		v := b.decide(load{memory: tt.used, claims: tt.claims}, Need{Memory: tt.cost})
		if v.Accepted != tt.accepted {
			t.Errorf("%s: %+v", tt.name, v)
		}
		if !v.Accepted && !strings.HasPrefix(v.Reason, "memory: needs ") {
			t.Errorf("%s: reason %q", tt.name, v.Reason)
		}
	}
	b.Memory = 0
	if v := b.decide(load{memory: 1 << 50}, Need{Memory: 1 << 50}); !v.Accepted || v.NeedMemory != 0 {
		t.Errorf("without max_memory: %+v", v)
	}
}
