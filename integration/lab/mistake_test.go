package lab

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/ffegress/ffegress/integration/accept"
)

func TestMistake(t *testing.T) {
	failed := exec.Command("false").Run()
	m := Mistake{Name: "redis away", Fails: "redis", Found: "refused", Remedy: "start it"}
	for _, c := range []struct {
		said   string
		err    error
		missed int
	}{
		{"ok    config\nFAIL  redis  connection refused. Remedy: start it\n", failed, 0},
		{"FAIL  redis  connection refused. Remedy: none\n", failed, 1},
		{"FAIL  redis  connection refused. Remedy: start it\nFAIL  ws_url  refused\n", failed, 1},
		{"FAIL  redis  connection refused. Remedy: start it\n", nil, 1},
		{"", errors.New("not run"), 2},
	} {
		o := &accept.Outcome{}
		m.Judge(o, c.said, c.err)
		if len(o.Missed) != c.missed {
			t.Errorf("%q, %v: missed %q", c.said, c.err, o.Missed)
		}
	}
}
