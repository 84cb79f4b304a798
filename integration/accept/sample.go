package accept

import (
	"context"
	"testing"
	"time"
)

// caseLimit is what a case of a sample may take.
const caseLimit = 4 * time.Minute

// Sample runs cases as tests against real servers. Figures are printed always.
func Sample(t *testing.T, cases []Case) {
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), caseLimit)
			defer cancel()
			var o Outcome
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
