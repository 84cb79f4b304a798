package feed

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ffegress/ffegress/integration/rig"
)

func TestMatrixHasEveryPair(t *testing.T) {
	covered := map[pair]bool{}
	for _, r := range matrix {
		for _, one := range r.takes {
			for _, p := range one.pairs() {
				covered[p] = true
			}
			if slices.Contains(append([]string{""}, pictures...), one.picture) && slices.Contains(append([]string{""}, sounds...), one.sound) && !one.valid() {
				t.Errorf("%v is nothing that can be recorded", one)
			}
		}
	}
	wanted := 0
	for _, request := range requests {
		for _, picture := range append([]string{""}, pictures...) {
			for _, sound := range append([]string{""}, sounds...) {
				for _, kind := range kinds {
					one := take{request, picture, sound, kind}
					if !one.valid() {
						continue
					}
					for _, p := range one.pairs() {
						if wanted++; !covered[p] {
							t.Errorf("no case has %s with %s", p.one, p.other)
							covered[p] = true
						}
					}
				}
			}
		}
	}
	if wanted < 40 {
		t.Errorf("only %d pairs are wanted", wanted)
	}
}

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Full() {
		if seen[c.ID] {
			t.Errorf("two cases are called %s", c.ID)
		}
		seen[c.ID] = true
	}
}

func TestEachFuzzTargetHasACase(t *testing.T) {
	root, err := rig.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	var found []fuzzTarget
	pattern := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)
	err = filepath.WalkDir(filepath.Join(root, "rtpfeed"), func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		for _, m := range pattern.FindAllSubmatch(body, -1) {
			found = append(found, fuzzTarget{folder, string(m[1])})
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	for _, target := range found {
		if !slices.Contains(fuzzTargets, target) {
			t.Errorf("%s of %s has no case", target.name, target.folder)
		}
	}
	for _, target := range fuzzTargets {
		if !slices.Contains(found, target) {
			t.Errorf("there is no %s in %s", target.name, target.folder)
		}
	}
}
