package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestSecretDoesNotPrint(t *testing.T) {
	const value = "sesame"
	s := Secret(value)
	holder := struct{ S Secret }{s}
	for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%X", "%d", "%t", "%8s", "%U"} {
		for _, v := range []any{s, &holder, holder, []Secret{s}, map[string]Secret{"k": s}} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, value) || strings.Contains(got, "736573616d65") {
				t.Errorf("%s of %T prints %s", verb, v, got)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "holder", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "holder", holder)
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{log.String(), string(asJSON), string(asYAML)} {
		if strings.Contains(got, value) || !strings.Contains(got, Redacted) {
			t.Errorf("prints %s", got)
		}
	}
	if got := fmt.Sprintf("%v|%#v", Secret(""), Secret("")); got != `|""` {
		t.Errorf("the empty secret prints %s", got)
	}
	if got := s.GoString(); got != `"{redacted}"` {
		t.Errorf("GoString: %s", got)
	}
	if s.Reveal() != value {
		t.Error("Reveal")
	}
}

// TestDumpShowsNoSecret dumps files in which every secret begins with "sesame", and loads the dumps again.
func TestDumpShowsNoSecret(t *testing.T) {
	clean(t)
	for _, name := range []string{"seed.yml", "today.yml"} {
		body := mustRead(t, "testdata/"+name)
		c, _ := loadFile(t, name)
		dump, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if n, want := bytes.Count(dump, []byte(Redacted)), bytes.Count(body, []byte("sesame")); n != want {
			t.Errorf("%s: %d redacted values in the dump, want %d", name, n, want)
		}
		for _, out := range []string{string(dump), fmt.Sprintf("%v %+v %#v", c.Storage.S3, *c.Redis, c)} {
			if strings.Contains(out, "sesame") {
				t.Errorf("%s: a secret is in the dump:\n%s", name, out)
			}
		}
		again, warnings, err := Load(dump)
		if err != nil {
			t.Fatalf("%s: load the dump: %v\n%s", name, err, dump)
		}
		for _, w := range warnings {
			if w.Kind == UnknownKey {
				t.Errorf("%s: in the dump: %v", name, w)
			}
		}
		second, err := yaml.Marshal(again)
		if err != nil || !bytes.Equal(dump, second) {
			t.Errorf("%s: the dump of the dump differs (%v):\n%s\n%s", name, err, dump, second)
		}
	}
}
