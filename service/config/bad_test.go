package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBadFiles loads each testdata/*.bad.yml and wants the error of its leading "# error:" comments, in whole.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yml")
	if err != nil || len(files) < 30 {
		t.Fatalf("found %d bad files (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(body)) {
				if text, ok := strings.CutPrefix(line, "# error: "); ok {
					want = append(want, strings.TrimSpace(text))
				}
			}
			c, _, err := Resolve(file, "")
			if err == nil {
				t.Fatalf("loaded: %+v", c)
			}
			if got := err.Error(); got != strings.Join(want, "\n") {
				t.Errorf("got  %s\nwant %s", got, strings.Join(want, "\n"))
			}
			_, found := Examine(body)
			for _, line := range want {
				_, text, _ := strings.Cut(line, "config: ")
				if !slices.ContainsFunc(found, func(w Warning) bool {
					return w.Kind == Fault && strings.Contains(line, w.String())
				}) {
					t.Errorf("Examine does not find %q: %v", text, found)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
}
