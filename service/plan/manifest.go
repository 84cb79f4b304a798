package plan

import (
	"path"
	"slices"
)

// Manifest is a manifest that an output wants beside what it makes.
type Manifest struct {
	Name  string // storage path
	Store Store
	// Disabled says that it is wanted only if the backup was used.
	Disabled bool `json:",omitempty"`
}

// Probe is a store to try, by the name of something that will be put there.
type Probe struct {
	Name  string
	Store Store
	bare  bool // without a manifest
}

// outputNames are storage paths of something that each output makes, and where.
func (p *Plan) outputNames() []Probe {
	var all []Probe
	switch {
	case p.File.Name != "":
		all = append(all, Probe{p.File.Name, p.Stores.File, p.File.Bare})
	case p.Passthrough && p.WebSocket == "":
		// A track's file has no name before the track is known.
		all = append(all, Probe{p.EgressID, p.Stores.File, p.File.Bare})
	}
	if p.Segments != nil {
		all = append(all, Probe{p.Segments.Names.Playlist, p.Stores.Segments, p.Segments.Bare})
	}
	for n, i := range p.Images {
		all = append(all, Probe{i.Prefix + ".jpeg", p.Stores.Images[n], i.Bare})
	}
	return all
}

// Probes are the stores to try, each once.
func (p *Plan) Probes() []Probe {
	var all []Probe
	for _, o := range p.outputNames() {
		same := slices.ContainsFunc(all, func(a Probe) bool { return a.Store.same(o.Store) })
		if !o.Store.Local() && !same {
			all = append(all, o)
		}
	}
	return all
}

// ManifestsOf are the manifests once it is known which file is made.
func (p *Plan) ManifestsOf(f File) []Manifest {
	known := *p
	known.File = f
	return known.Manifests()
}

// Manifests are those to write at the end: one in the directory of each output. That of an output whose manifest is
// disabled is there for an output with a backup only.
func (p *Plan) Manifests() []Manifest {
	var all []Manifest
	for _, o := range p.outputNames() {
		if !o.bare || o.Store.Backup != nil {
			all = append(all, Manifest{path.Join(path.Dir(o.Name), TryName(p.EgressID, p.Info.GetRetryCount())+".json"), o.Store, o.bare})
		}
	}
	return slices.CompactFunc(all, func(a, b Manifest) bool { return a.Name == b.Name && a.Disabled == b.Disabled && a.Store.same(b.Store) })
}
