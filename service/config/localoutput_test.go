package config

import (
	"os"
	"slices"
	"testing"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

func TestLocalOutput(t *testing.T) {
	c, warnings, err := Load([]byte("work_dir: /srv/work\nlocal_output_roots: [/out/, /rec/../films]\nlocal_output_mode: 0640\n" +
		"local_output_dir_mode: '2775'\nlocal_output_owner: root:7\numask: 0027\n"))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	g := c.Ground()
	if !slices.Equal(g.Roots, []string{"/out", "/films"}) || g.Work != "/srv/work" || g.Mode != 0o640 || g.FolderMode != 0o775|os.ModeSetgid ||
		g.Owner == nil || *g.Owner != (workfile.Owner{UID: 0, GID: 7}) {
		t.Errorf("%+v %+v", g, g.Owner)
	}
	if bits, ok := c.LocalOutput.UmaskBits(); !ok || bits != 0o027 {
		t.Errorf("umask %o, %v", bits, ok)
	}
	c, _, err = Load([]byte("work_dir: /srv/work"))
	if err != nil {
		t.Fatal(err)
	}
	if g := c.Ground(); g.Roots != nil || g.Mode != 0 || g.FolderMode != 0 || g.Owner != nil {
		t.Errorf("%+v without any key", g)
	}
	if _, ok := c.LocalOutput.UmaskBits(); ok {
		t.Error("a umask without the key")
	}
}

func TestParseOwner(t *testing.T) {
	for text, want := range map[string]*workfile.Owner{
		"":          nil,
		"1000":      {UID: 1000, GID: -1},
		"1000:100":  {UID: 1000, GID: 100},
		":100":      {UID: -1, GID: 100},
		"root:root": {UID: 0, GID: 0},
	} {
		got, err := parseOwner(text)
		if err != nil || (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{":", "no-such-user-here", "root:no-such-group-here", "-1", "1.5"} {
		if got, err := parseOwner(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
