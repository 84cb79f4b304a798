package accept

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Write makes the results file of the issue from the outcomes kept, each case's last one. Those of another
// commit name it, and a case that was not run is listed as such.
func (r *Runner) Write(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Issue %s: what was shown\n\n", r.Issue)
	fmt.Fprintf(&b, "Commit `%s`, written %s, %s, %d cores. Made by `make accept ISSUE=%s`.\n",
		r.Commit, time.Now().UTC().Format("2006-01-02 15:04 MST"), runtime.Version(), runtime.NumCPU(), r.Issue)
	for _, line := range r.lines() {
		if line == 0 {
			b.WriteString("\n## Beside the lines\n\n")
		} else {
			fmt.Fprintf(&b, "\n## Line %d\n\n", line)
		}
		for _, c := range r.Cases {
			if c.Line == line {
				r.section(&b, c)
			}
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

func (r *Runner) section(b *strings.Builder, c Case) {
	kept, ok := r.load(c)
	verdict := verdictOf(kept, ok)
	if verdict == notHeld {
		verdict = "**" + verdict + "**"
	}
	fmt.Fprintf(b, "### %s: %s — %s\n\n", c.ID, c.Title, verdict)
	for _, m := range kept.Outcome.Missed {
		fmt.Fprintf(b, "- **missed**: %s\n", m)
	}
	for _, f := range kept.Outcome.Figures {
		fmt.Fprintf(b, "- %s: %s\n", f.Name, f.Value)
	}
	if ok {
		at := ""
		if kept.Commit != r.Commit {
			at = fmt.Sprintf(" at commit `%s`", kept.Commit)
		}
		fmt.Fprintf(b, "- run %s, %.0f s%s\n", kept.At.Format("2006-01-02 15:04"), kept.Seconds, at)
	}
	b.WriteString("\n")
}

const notHeld = "not held"

func verdictOf(kept record, ok bool) string {
	switch {
	case !ok:
		return "not run"
	case !kept.Outcome.Held:
		return notHeld
	}
	return "held"
}

// List prints all cases by line, each with its last outcome.
func (r *Runner) List() {
	for _, line := range r.lines() {
		for _, c := range r.Cases {
			if c.Line == line {
				fmt.Fprintf(r.Out, "%d  %-20s %-9s %s\n", line, c.ID, verdictOf(r.load(c)), c.Title)
			}
		}
	}
}

func (r *Runner) lines() []int {
	var lines []int
	for _, c := range r.Cases {
		lines = append(lines, c.Line)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
