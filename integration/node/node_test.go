package node

import (
	"context"
	"testing"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// TestSample runs a sample of the acceptance against real servers. Figures are printed always.
func TestSample(t *testing.T) {
	for _, c := range Sample() {
		t.Run(c.ID, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			var o accept.Outcome
			err := c.Run(ctx, &o)
			for _, f := range o.Figures {
				t.Logf("%s: %s", f.Name, f.Value)
			}
			for _, m := range o.Missed {
				t.Errorf("missed: %s", m)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestScrape reads what Prometheus would.
func TestScrape(t *testing.T) {
	got := parseMetrics("# HELP a b\n# TYPE a gauge\na 1\na_total{x=\"1\",y=\"a}b, \\\"c\"} 2.5e+06\nbroken\n")
	if len(got) != 2 || got.value("a") != 1 || got.value("a_total", `x="1"`) != 2.5e6 || !got.has("a_total", "x", "y") || got.has("a_total", "z") {
		t.Errorf("%+v", got)
	}
}
