package accept

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunnerGoesOnWhereItStopped(t *testing.T) {
	runs := map[string]int{}
	count := func(id string, holds bool) Case {
		return Case{ID: id, Line: 1, Title: "case " + id, Run: func(_ context.Context, o *Outcome) error {
			runs[id]++
			o.Add("figure", "%d", 42)
			o.Want(holds, "%s must hold", id)
			return nil
		}}
	}
	dir := t.TempDir()
	r := &Runner{Issue: "X", Commit: "one", Dir: dir, Out: io.Discard, Cases: []Case{count("a", true), count("b", true)}}
	if held, err := r.Run(t.Context(), ""); err != nil || !held {
		t.Fatalf("held %v, %v", held, err)
	}
	r.Cases = append(r.Cases, count("c", false))
	if held, err := r.Run(t.Context(), ""); err != nil || held {
		t.Fatalf("held %v, %v although c does not hold", held, err)
	}
	if runs["a"] != 1 || runs["b"] != 1 || runs["c"] != 1 {
		t.Errorf("runs %v, want one each", runs)
	}
	if _, err := r.Run(t.Context(), "a"); err != nil || runs["a"] != 2 || runs["b"] != 1 {
		t.Errorf("runs %v (%v) after asking for a", runs, err)
	}
	r.Commit = "two"
	if _, err := r.Run(t.Context(), "b"); err != nil || runs["a"] != 2 || runs["b"] != 2 {
		t.Errorf("runs %v (%v) after asking for b on another commit", runs, err)
	}
	if _, err := r.Run(t.Context(), "z"); err == nil {
		t.Error("an unknown case must be an error")
	}
	path := filepath.Join(dir, "X.md")
	r.Cases = append(r.Cases, count("d", true))
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	body, _ := os.ReadFile(path)
	for _, want := range []string{"### b: case b — held", "### a: case a — held", "0 s at commit `one`", "### d: case d — not run", "- figure: 42"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("results lack %q:\n%s", want, body)
		}
	}
	var list strings.Builder
	r.Out = &list
	r.List()
	if got := strings.Fields(list.String()); strings.Join(got, " ") != "1 a held case a 1 b held case b 1 c not held case c 1 d not run case d" {
		t.Errorf("the list is:\n%s", list.String())
	}
}
