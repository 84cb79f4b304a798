package browser

import (
	"os"
	"slices"
	"strings"
)

// inherited are the variables that children get from this process. It is a
// list of what may pass, not of what may not: our own environment can hold
// secrets, and a page's processes must not have them.
var inherited = []string{
	"PATH", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
	"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
}

// baseEnv is the environment of every child: nothing of it is outside dir, and
// no session bus is looked for.
func baseEnv(dir string, more ...string) []string {
	env := []string{
		"HOME=" + dir,
		"TMPDIR=" + dir,
		"XDG_RUNTIME_DIR=" + dir,
		"XDG_CONFIG_HOME=" + dir,
		"XDG_CACHE_HOME=" + dir,
		"DBUS_SESSION_BUS_ADDRESS=disabled:",
		"DBUS_SYSTEM_BUS_ADDRESS=disabled:",
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(inherited, name) || strings.HasPrefix(name, "LC_") {
			env = append(env, pair)
		}
	}
	return append(env, more...)
}
