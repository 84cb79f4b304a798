package stores

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
