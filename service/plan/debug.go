package plan

import "github.com/ffegress/ffegress/service/config"

// Debug is what is kept of an egress for fault finding, and where it goes at the end.
type Debug struct {
	Console  bool // what the page writes to its console
	Tracks   bool // what comes of each track
	Streams  bool // what each stream does
	Profiles bool // of this process while the egress runs

	Store Store
}

// Kept says whether there is anything to keep and a place for it.
func (d Debug) Kept() bool {
	return (d.Console || d.Tracks || d.Streams || d.Profiles) && (!d.Store.Local() || d.Store.Prefix != "")
}

// debugOf is as configured. A section that names no store means this machine, where a prefix must say the directory.
func debugOf(conf *config.Config) Debug {
	s := &conf.Debug
	d := Debug{
		Console: s.EnableChromeLogging, Tracks: s.EnableTrackLogging, Streams: s.EnableStreamLogging, Profiles: s.EnableProfiling,
		Store: Store{Target: configuredTarget(&s.Storage), Prefix: s.Prefix},
	}
	if d.Store.Local() && d.Store.Prefix != "" && (conf.DisallowLocalStorage || conf.Ground().Check(d.Store.Prefix) != nil) {
		d.Store.Prefix = ""
	}
	return d
}
