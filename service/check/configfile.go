package check

import (
	"errors"

	"github.com/ffegress/ffegress/service/config"
)

// checkConfig reads the configuration. Whatever is the matter with it is an error here, also what the service starts
// with and warns of. The config is nil if nothing could be read of it; without any it is that of the environment.
func checkConfig(file, body string) (*config.Config, []Result) {
	text, err := config.Source(file, body)
	switch {
	case errors.Is(err, config.ErrMissing):
		found := fail(err.Error(), "name a file with --config FILE or EGRESS_CONFIG_FILE")
		conf, err := config.Default()
		if err != nil {
			return nil, append(found, fail(err.Error(), "set work_dir")...)
		}
		return conf, found
	case err != nil:
		return nil, fail(err.Error(), "name a file that can be read with --config FILE or EGRESS_CONFIG_FILE")
	}
	conf, warnings := config.Examine(text)
	var found []Result
	for _, w := range warnings {
		found = append(found, fail(w.String(), remedies[w.Kind])...)
	}
	if len(found) == 0 {
		name := file
		if body != "" {
			name = "EGRESS_CONFIG_BODY"
		}
		found = ok("%s", name)
	}
	return conf, found
}

var remedies = map[config.WarningKind]string{
	config.UnknownKey: "correct the key, or take it out",
	config.NoEffect:   "take the key out, or do not rely on it",
	config.Conflict:   "keep one of them",
	config.BadValue:   "correct the value",
	config.Fault:      "correct the line; the service does not start with it",
}
