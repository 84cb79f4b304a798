package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"
)

// FuzzLoad wants no panic, and that what loads can be dumped and loaded again to the same.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.Contains(body, []byte(fileSuffix)) {
			return // would read files of the machine
		}
		c, _, err := Load(body)
		if err != nil {
			return
		}
		dump, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, warnings, err := Load(dump)
		if err != nil {
			t.Fatalf("load the dump: %v\n%s", err, dump)
		}
		for _, w := range warnings {
			if w.Kind == UnknownKey {
				t.Errorf("in the dump: %v", w)
			}
		}
		second, err := yaml.Marshal(again)
		if err != nil || !bytes.Equal(dump, second) {
			t.Errorf("%v:\n%s\n%s", err, dump, second)
		}
	})
}
