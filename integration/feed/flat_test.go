package feed

import (
	"testing"

	"github.com/ffegress/ffegress/integration/rig"
)

func TestLooks(t *testing.T) {
	l := looks{}
	for n := range int64(4 * flatOver) {
		l.add([]rig.Process{
			{Role: "ffegress", Own: 10e6}, {Role: "encoder", Own: 2e6 + n/flatOver*1e6}, {Role: "encoder", Own: 1e6},
		}, func(p rig.Process) int64 { return p.Own })
	}
	for role, want := range map[string][2]float64{"ffegress": {10, 10}, "encoder": {4, 6}, "in all": {14, 16}} {
		before, after, text := l.ends(role)
		if d := before - want[0]; d > 1e-9 || d < -1e-9 || after-want[1] > 1e-9 || want[1]-after > 1e-9 {
			t.Errorf("%s: %s, want %v", role, text, want)
		}
	}
}
