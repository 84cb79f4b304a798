package node

import (
	"testing"

	"github.com/ffegress/ffegress/integration/accept"
)

func TestSample(t *testing.T) { accept.Sample(t, Sample()) }

// TestScrape reads what Prometheus would.
func TestScrape(t *testing.T) {
	got := parseMetrics("# HELP a b\n# TYPE a gauge\na 1\na_total{x=\"1\",y=\"a}b, \\\"c\"} 2.5e+06\nbroken\n")
	if len(got) != 2 || got.value("a") != 1 || got.value("a_total", `x="1"`) != 2.5e6 || !got.has("a_total", "x", "y") || got.has("a_total", "z") {
		t.Errorf("%+v", got)
	}
}
