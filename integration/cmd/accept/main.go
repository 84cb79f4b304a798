package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9/logging"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/issues"
	"github.com/ffegress/ffegress/integration/rig"
)

var errNotHeld = errors.New("not every line was held")

func main() {
	issue := flag.String("issue", "", "the issue's letter")
	only := flag.String("case", "", "run this case again, and no other")
	list := flag.Bool("list", false, "run nothing; list the cases and what each showed last")
	flag.Parse()
	logging.Disable() // a Redis client that looks for its master says much
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *issue, *only, *list); err != nil {
		fmt.Fprintln(os.Stderr, "accept:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, issue, only string, list bool) error {
	cases, ok := issues.Cases[issue]
	if !ok {
		return fmt.Errorf("there is no acceptance for issue %q; usage: make accept ISSUE=A [CASE=id]", issue)
	}
	root, err := rig.RepoRoot()
	if err != nil {
		return err
	}
	commit, err := state(ctx, root)
	if err != nil {
		return err
	}
	r := &accept.Runner{
		Issue: issue, Commit: commit, Cases: cases(), Out: os.Stdout,
		Dir: filepath.Join(root, ".cache", "accept", issue),
	}
	if list {
		r.List()
		return nil
	}
	held, err := r.Run(ctx, only)
	results := filepath.Join(root, "integration", "results", issue+".md")
	if err := errors.Join(err, r.Write(results)); err != nil {
		return err
	}
	fmt.Println("accept: written", results)
	if !held {
		return errNotHeld
	}
	return nil
}

// state names the code that is run: the commit, marked when the tree differs from it. Results and
// documents may change without that.
func state(ctx context.Context, root string) (string, error) {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = root
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "", fmt.Errorf("which commit is this: %w", err)
	}
	changed, err := git("status", "--porcelain", "--", ".", ":!*.md")
	if err != nil {
		return "", err
	}
	if changed != "" {
		commit += "-changed"
	}
	return commit, nil
}
