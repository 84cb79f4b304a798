package service

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestWatchMeasures: a look that follows another fills the gate, and an idle node is looked at rarely.
func TestWatchMeasures(t *testing.T) {
	s, log := node(t, 8, "")
	w := newWatcher(s)
	began := time.Now()
	w.look(t.Context(), began)
	w.look(t.Context(), began.Add(idleWatch/2))
	if s.gate.Standing().Measured {
		t.Error("an idle node was measured after half the time")
	}
	w.look(t.Context(), began.Add(idleWatch))
	if st := s.gate.Standing(); !st.Measured || st.PSS <= 0 || st.UsedMemory != st.PSS {
		t.Errorf("%+v", st)
	}
	air(t, s, "EG_1")
	w.look(t.Context(), began.Add(idleWatch+watchEvery))
	st := s.gate.Standing()
	if len(st.Egresses) != 1 || st.Egresses[0].Used <= 0 && st.Used > 0 {
		t.Errorf("the process' own use is nobody's: %+v", st)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("%s", log)
	}
}

// TestWatchEndsTheYoungest: more memory is used than may be.
func TestWatchEndsTheYoungest(t *testing.T) {
	s, log := node(t, 8, "web_cpu_cost: 1")
	air(t, s, "EG_1")
	air(t, s, "EG_2")
	s.conf.CPUCost.MaxMemory = 1e-6
	w := newWatcher(s)
	began := time.Now()
	w.look(t.Context(), began)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the session does not run, and so does not listen
	w.look(ctx, began.Add(watchEvery))
	for _, want := range []string{"the youngest egress ends", "egressID=EG_2", `reason="Memory exhausted"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

// TestDeployNamesMetrics: what the dashboard and the alert rules ask for is told by a node.
func TestDeployNamesMetrics(t *testing.T) {
	s, _ := node(t, 8, "")
	air(t, s, "EG_1")
	told := map[string]bool{ // those without a value yet
		"livekit_egress_pipeline_uploads": true, "livekit_egress_pipline_upload_response_time_ms_bucket": true,
		"livekit_egress_handler_results_total": true,
	}
	families, err := s.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		told[f.GetName()] = true
	}
	name := regexp.MustCompile(`\b(livekit|ffegress)_[a-z_]+`)
	for _, file := range []string{"../deploy/grafana/ffegress.json", "../deploy/prometheus/alerts.yaml"} {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := name.FindAllString(string(body), -1)
		if len(names) < 10 {
			t.Errorf("%s names %d metrics", file, len(names))
		}
		for _, n := range names {
			if !told[n] {
				t.Errorf("%s asks for %s, which no node tells", file, n)
			}
		}
	}
}
