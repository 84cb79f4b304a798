package accept

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/rig"
)

// stolen is from which share of the CPU time on, taken by other machines, a case tells of it: figures of media and cost say
// little then.
const stolen = 0.02

// record is a case's outcome as it is kept.
type record struct {
	Commit  string    `json:"commit"`
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	Outcome Outcome   `json:"outcome"`
}

// Runner runs the cases of one issue.
type Runner struct {
	Issue  string
	Commit string
	Dir    string // where outcomes are kept between runs
	Out    io.Writer
	Cases  []Case
}

// Run runs what has not been run for this commit; only, when not empty, names the single case to run
// again. It returns whether all cases were held.
func (r *Runner) Run(ctx context.Context, only string) (bool, error) {
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return false, err
	}
	held, found := true, only == ""
	for _, c := range r.Cases {
		kept, ok := r.load(c)
		ok = ok && kept.Commit == r.Commit
		if only == c.ID {
			found, ok = true, false
		} else if only != "" && !ok {
			continue
		}
		if !ok {
			var err error
			if kept, err = r.one(ctx, c); err != nil {
				return false, fmt.Errorf("case %s: %w", c.ID, err)
			}
		}
		held = held && kept.Outcome.Held
	}
	if !found {
		return false, fmt.Errorf("issue %s has no case %q", r.Issue, only)
	}
	return held, nil
}

// one runs a case and keeps what it showed.
func (r *Runner) one(ctx context.Context, c Case) (record, error) {
	fmt.Fprintf(r.Out, "=== %s: %s\n", c.ID, c.Title)
	kept := record{Commit: r.Commit, At: time.Now().UTC()}
	before, stealErr := rig.LookSteal()
	if err := c.Run(ctx, &kept.Outcome); err != nil {
		if ctx.Err() != nil {
			return kept, errors.Join(ctx.Err(), err)
		}
		kept.Outcome.Want(false, "could not be carried out: %v", err)
	}
	if after, err := rig.LookSteal(); err == nil && stealErr == nil && after.Since(before) >= stolen {
		kept.Outcome.Add("stolen by other machines during the case", "%.0f %%", 100*after.Since(before))
	}
	kept.Outcome.Held = len(kept.Outcome.Missed) == 0
	kept.Seconds = time.Since(kept.At).Seconds()
	r.print(kept)
	body, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return kept, err
	}
	return kept, os.WriteFile(r.file(c), body, 0o644)
}

func (r *Runner) print(kept record) {
	for _, f := range kept.Outcome.Figures {
		fmt.Fprintf(r.Out, "    %s: %s\n", f.Name, f.Value)
	}
	for _, m := range kept.Outcome.Missed {
		fmt.Fprintf(r.Out, "    MISSED %s\n", m)
	}
	verdict := "held"
	if !kept.Outcome.Held {
		verdict = "NOT held"
	}
	fmt.Fprintf(r.Out, "    %s (%.0f s)\n", verdict, kept.Seconds)
}

func (r *Runner) file(c Case) string { return filepath.Join(r.Dir, c.ID+".json") }

// load is the case's last outcome, for this commit or another.
func (r *Runner) load(c Case) (record, bool) {
	var kept record
	body, err := os.ReadFile(r.file(c))
	if err != nil || json.Unmarshal(body, &kept) != nil {
		return record{}, false
	}
	return kept, true
}
