package browser

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// sharedMemoryNeeded is what /dev/shm must have free to be used. Containers
// often give it 64 MB, on which pages crash.
const sharedMemoryNeeded = 256 << 20

// startPage is the first page, unless it is the one that waits for its query
// (wait.go). It must be named: the first window is not a kiosk otherwise. It differs from the empty
// document that every window has before its first page.
const startPage = "data:text/html,"

// ownFlags cannot be overridden: without them nothing works, or files are left.
var ownFlags = []string{"remote-debugging-pipe", "user-data-dir"}

// chromiumFlags gives the flags by name: nil removes one, "" is a bare flag.
func chromiumFlags(o *Options, dir string) map[string]*string {
	bare, value := new(string), func(v string) *string { return &v }
	flags := map[string]*string{
		"remote-debugging-pipe": bare,
		"user-data-dir":         value(profileDir(dir)),

		// The page and nothing else, of exactly the wanted size.
		"kiosk":                               bare,
		"window-position":                     value("0,0"),
		"window-size":                         value(fmt.Sprintf("%d,%d", o.Width, o.Height)),
		"force-device-scale-factor":           value("1"),
		"hide-scrollbars":                     bare,
		"test-type":                           bare, // no bar about unsupported flags
		"no-first-run":                        bare,
		"no-default-browser-check":            bare,
		"disable-infobars":                    bare,
		"disable-session-crashed-bubble":      bare,
		"disable-notifications":               bare,
		"deny-permission-prompts":             bare,
		"disable-search-engine-choice-screen": bare,
		"noerrdialogs":                        bare,
		"disable-prompt-on-repost":            bare,
		"suppress-message-center-popups":      bare,

		// Colours as the page has them, and the cheapest compositor that still
		// gives WebGL.
		"force-color-profile":       value("srgb"),
		"disable-gpu":               bare,
		"enable-unsafe-swiftshader": bare,

		// A page that nobody looks at must run as if somebody did.
		"disable-background-timer-throttling":    bare,
		"disable-backgrounding-occluded-windows": bare,
		"disable-renderer-backgrounding":         bare,
		"disable-hang-monitor":                   bare,
		"disable-ipc-flooding-protection":        bare,

		// Sound without a click, and a buffer that survives a busy CPU: with
		// the default of 512 frames the audio clock lost seconds, and with 1024
		// sound had gaps while a 1080p recording began.
		"autoplay-policy":   value("no-user-gesture-required"),
		"audio-buffer-size": value("2048"),

		// With the algorithm Chromium slows its compositor to the rate of a
		// call's pictures and drops those that come after their turn (26 of 30
		// were left); without, it shows the newest one at each of its ticks.
		"disable-rtc-smoothness-algorithm": bare,

		// Nothing of its own on the network or the disk.
		"disable-background-networking":          bare,
		"disable-client-side-phishing-detection": bare,
		"disable-component-update":               bare,
		"disable-default-apps":                   bare,
		"disable-extensions":                     bare,
		"disable-sync":                           bare,
		"disable-breakpad":                       bare,
		"disable-crash-reporter":                 bare,
		"disable-domain-reliability":             bare,
		"metrics-recording-only":                 bare,
		"no-pings":                               bare,
		"password-store":                         value("basic"),
		"use-mock-keychain":                      bare,
		// BackForwardCache would keep a page alive that was left for another.
		"disable-features": value("BackForwardCache,Translate,MediaRouter,OptimizationHints,CalculateNativeWinOcclusion," +
			// What a page may reach is the gate's to say; a room's own page may reach its server wherever that is.
			"LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets,LocalNetworkAccessChecksWebRTC," +
			"GlobalMediaControls,AudioServiceOutOfProcess,DialMediaRouteProvider,InterestFeedContentSuggestions," +
			// Renderers started in advance for the address bar's popup, for tab
			// search and for another site: a second of CPU while the recording
			// begins, and 230 MB.
			"PreloadTopChromeWebUI,SpareRendererForSitePerProcess," +
			"WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"),
	}
	if !o.Audio {
		flags["disable-audio-output"] = bare // a silent device that keeps its clock
	}
	if o.proxy != "" {
		flags["proxy-server"] = value("http://" + o.proxy)
		flags["proxy-bypass-list"] = value("<-loopback>") // this machine's own addresses are looked at too
	}
	if !o.Sandbox {
		flags["no-sandbox"] = bare
	}
	if o.Insecure {
		flags["disable-web-security"] = bare
		flags["allow-running-insecure-content"] = bare
	}
	if sharedMemory() < sharedMemoryNeeded {
		flags["disable-dev-shm-usage"] = bare
	}
	for name, v := range o.Flags {
		name = strings.TrimLeft(name, "-")
		if slices.Contains(ownFlags, name) {
			continue
		}
		switch v := v.(type) {
		case bool:
			flags[name] = nil
			if v {
				flags[name] = bare
			}
		case nil:
			flags[name] = nil
		default:
			flags[name] = value(fmt.Sprint(v))
		}
	}
	return flags
}

// chromiumArgs gives argv[1:], sorted, with the first page last.
func chromiumArgs(flags map[string]*string, first string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		v := flags[name]
		switch {
		case v == nil:
		case *v == "":
			args = append(args, "--"+name)
		default:
			args = append(args, "--"+name+"="+*v)
		}
	}
	return append(args, first)
}

// sharedMemory gives the bytes that are free in /dev/shm.
func sharedMemory() int64 {
	var st unix.Statfs_t
	if err := unix.Statfs("/dev/shm", &st); err != nil {
		return 0
	}
	return int64(st.Bavail) * st.Bsize
}
