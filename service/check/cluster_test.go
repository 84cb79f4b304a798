package check

import (
	"strings"
	"testing"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/admit"
)

func TestClusterResults(t *testing.T) {
	takes := []service.Answer{{Type: "web", Accept: true}, {Type: "track", Accept: true}}
	full := []service.Answer{{Type: "web", Reason: "CPU: needs 4.00 cores"}, {Type: "track", Accept: true}}
	shut := []service.Answer{{Type: "web", Reason: "draining"}, {Type: "track", Reason: "draining"}}
	idle := service.NodeReport{NodeID: "NE_a", Host: "alpha", Load: admit.Standing{Cores: 8, Free: 8}, Accepts: takes}
	busy := service.NodeReport{NodeID: "NE_b", Host: "beta", Recording: 2, Load: admit.Standing{Cores: 4, Used: 3.21, MaxMemory: 8 << 30}, Accepts: full}
	gone := service.NodeReport{NodeID: "NE_c", Host: "gamma", Closed: "draining", Accepts: shut}
	apart := service.NodeReport{NodeID: "NE_d", Host: "delta", ClusterID: "west", Accepts: takes}
	for _, tt := range []struct {
		name   string
		nodes  []service.NodeReport
		others int
		lines  []string // each result, its beginning and a part
	}{
		{"none", nil, 0, []string{"FAIL  cluster|no node answers on here"}},
		{"one that is idle", []service.NodeReport{idle}, 0, []string{
			"ok    NE_a|alpha: 0 recording, 0.00 of 8 cores used, 8.00 free; takes every type", "ok    cluster|taken by one of 1 at least"}},
		{"one that is full", []service.NodeReport{busy}, 0, []string{
			"warn  NE_b|3.21 of 4 cores used, 0.00 free, 0.00 of 8.00 GB used; refuses web (CPU: needs 4.00 cores)", "FAIL  cluster|no node takes web; 1 types are taken. Remedy: add nodes"}},
		{"one takes what another does not", []service.NodeReport{idle, busy}, 0, []string{"ok    NE_a|", "warn  NE_b|", "ok    cluster|"}},
		{"drains", []service.NodeReport{gone}, 0, []string{"warn  NE_c|takes nothing (draining)", "FAIL  cluster|no node takes web, track; 0 types"}},
		{"for another server", []service.NodeReport{apart}, 0, []string{"ok    NE_d|", "warn  NE_d|cluster_id is west", "FAIL  cluster|web, track"}},
		{"others", nil, 2, []string{"warn  cluster|2 more answer livekit-server"}},
		{"others beside a full one", []service.NodeReport{busy}, 1, []string{"warn  NE_b|", "warn  cluster|1 more", "warn  cluster|no node that tells its load takes web"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := clusterResults(tt.nodes, tt.others, "here")
			if len(got) != len(tt.lines) {
				t.Fatalf("%d lines, want %d: %v", len(got), len(tt.lines), got)
			}
			for i, want := range tt.lines {
				begins, has, _ := strings.Cut(want, "|")
				if line := got[i].String(); !strings.HasPrefix(line, begins) || !strings.Contains(line, has) {
					t.Errorf("%s\nwant %s", line, want)
				}
			}
		})
	}
}

func TestClusterWithoutRedis(t *testing.T) {
	for _, tt := range []struct{ body, want string }{
		{"api_key: k", "FAIL  redis          redis is not configured"},
		{"redis: {address: '127.0.0.1:1'}", "FAIL  redis          127.0.0.1:1: connection refused"},
		{"redis: [", "FAIL  config"},
	} {
		var lines []string
		failed := Cluster(t.Context(), Options{Body: tt.body, Patience: patience}, func(r Result) { lines = append(lines, r.String()) })
		if failed != 1 || len(lines) != 1 || !strings.HasPrefix(lines[0], tt.want) {
			t.Errorf("%d: %q, want %q", failed, lines, tt.want)
		}
	}
}
