package plan

import (
	"testing"

	"github.com/ffegress/ffegress/service/config"
)

func TestDebugIsKeptWhereItGoesSomewhere(t *testing.T) {
	store := config.Storage{S3: &config.S3{Bucket: "b"}}
	for name, c := range map[string]struct {
		debug config.Debug
		local bool // local storage is disallowed
		want  bool
	}{
		"nothing":             {config.Debug{}, false, false},
		"a store for nothing": {config.Debug{Storage: store}, false, false},
		"nowhere":             {config.Debug{EnableProfiling: true, EnableStreamLogging: true}, false, false},
		"into a store":        {config.Debug{EnableTrackLogging: true, Storage: store}, true, true},
		"into a directory":    {config.Debug{EnableChromeLogging: true, Storage: config.Storage{Prefix: "/d"}}, false, true},
		"where nothing may":   {config.Debug{EnableChromeLogging: true, Storage: config.Storage{Prefix: "/d"}}, true, false},
	} {
		conf := &config.Config{Debug: c.debug, DisallowLocalStorage: c.local}
		if got := debugOf(conf).Kept(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
