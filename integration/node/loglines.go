package node

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/ffegress/ffegress/integration/accept"
)

// ofTheNode are messages that are about no egress in particular.
var ofTheNode = []string{
	"configuration", "listening", "service ready", "draining", "cores", "call answered",
	"some requests are reckoned to take more cores than there are (cpu_cost); they are taken one at a time",
}

// judgeLines holds a log of JSON lines against the rule that each line about an egress names it.
func (p *post) judgeLines(o *accept.Outcome, log string, ids ...string) error {
	lines, nameless := map[string]int{}, map[string]bool{}
	for line := range strings.Lines(log) {
		var fields struct {
			Message  string `json:"msg"`
			EgressID string `json:"egressID"`
		}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			o.Want(false, "a line of the log is no JSON: %s", line)
			continue
		}
		lines[fields.EgressID]++
		if fields.EgressID == "" && !slices.Contains(ofTheNode, fields.Message) {
			nameless[fields.Message] = true
		}
	}
	for _, id := range ids {
		o.Want(lines[id] > 3, "%d lines name %s", lines[id], id)
	}
	o.Want(len(nameless) == 0, "lines without egressID: %q", slices.Sorted(maps.Keys(nameless)))
	return nil
}
