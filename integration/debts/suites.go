package debts

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// suite runs tests of a package, which belong to a line of the issue.
func suite(id string, line int, title, pkg, tests string) accept.Case {
	return accept.Case{
		ID: id, Line: line, Title: title,
		Run: func(ctx context.Context, o *accept.Outcome) error {
			root, err := rig.RepoRoot()
			if err != nil {
				return err
			}
			cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", tests, pkg)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			passed := len(regexp.MustCompile(`(?m)^ *--- PASS: `).FindAll(out, -1))
			o.Add("tests passed", "%d", passed)
			for _, said := range regexp.MustCompile(`(?m)^ +\w+_test\.go:\d+: (.*)$`).FindAllStringSubmatch(string(out), -1) {
				o.Add("said", "%s", said[1])
			}
			o.Want(err == nil && passed > 0, "%s", failures(string(out), err))
			return nil
		},
	}
}

// failures is what of a test's output tells what went wrong.
func failures(out string, err error) string {
	var lines []string
	for line := range strings.Lines(out) {
		if strings.Contains(line, "FAIL") || strings.Contains(line, "_test.go:") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return fmt.Sprintf("%v: %s", err, strings.Join(lines, "; "))
}
