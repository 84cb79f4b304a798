package lease

import (
	"testing"
	"time"
)

// TestTimesOfTheDefault: what docs/operating.md says.
func TestTimesOfTheDefault(t *testing.T) {
	want := Times{Lost: 2 * time.Minute, Renew: 5 * time.Second, Lapse: 15 * time.Second, Healthy: 45 * time.Second}
	if got := TimesOf(2 * time.Minute); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := TimesOf(2 * time.Minute).Ask(); got != 3*time.Second {
		t.Errorf("asked for %v", got)
	}
	if got := TimesOf(5 * time.Second).io(); got != time.Second {
		t.Errorf("a command gets %v", got)
	}
}
