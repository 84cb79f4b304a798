package config

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// aliases lists each accepted other spelling and the key that holds today. A star stands for one key of any name.
var aliases = []struct{ old, today string }{
	{"log_level", "logging.level"},
	{"local_directory", "work_dir"},
	{"s3", "storage.s3"},
	{"azure", "storage.azure"},
	{"gcp", "storage.gcp"},
	{"alioss", "storage.alioss"},
	{"backup_storage", "backup"},
	{"latency.rtp_max_allowed_ts_diff", "latency.rtpmaxallowedtsdiff"},
	{"latency.rtp_max_drift_adjustment", "latency.rtpmaxdriftadjustment"},
	{"latency.rtp_drift_adjustment_window_percent", "latency.rtpdriftadjustmentwindowpercent"},
	{"latency_overrides.*.rtp_max_allowed_ts_diff", "latency_overrides.*.rtpmaxallowedtsdiff"},
	{"latency_overrides.*.rtp_max_drift_adjustment", "latency_overrides.*.rtpmaxdriftadjustment"},
	{"latency_overrides.*.rtp_drift_adjustment_window_percent",
		"latency_overrides.*.rtpdriftadjustmentwindowpercent"},
}

// adopt moves every other spelling to the key that holds today, with a warning where the two differ.
func (r *reader) adopt(root *yaml.Node) {
	for _, a := range aliases {
		old, today := strings.Split(a.old, "."), strings.Split(a.today, ".")
		star := slices.Index(old, "*")
		if star < 0 {
			r.move(root, old, today)
			continue
		}
		parent := find(root, old[:star])
		if parent == nil {
			continue
		}
		for i := 0; i+1 < len(parent.Content); i += 2 {
			name := parent.Content[i].Value
			o, t := slices.Clone(old), slices.Clone(today)
			o[star], t[star] = name, name
			r.move(root, o, t)
		}
	}
}

func (r *reader) move(root *yaml.Node, old, today []string) {
	from := find(root, old[:len(old)-1])
	if from == nil {
		return
	}
	i := at(from, old[len(old)-1])
	if i < 0 {
		return
	}
	key, value := from.Content[i], from.Content[i+1]
	to := ensure(root, today[:len(today)-1], key)
	if to == nil {
		return
	}
	from.Content = slices.Delete(from.Content, i, i+2)
	oldPath, path := strings.Join(old, "."), strings.Join(today, ".")
	if isNull(value) {
		return
	}
	last := today[len(today)-1]
	j := at(to, last)
	if j >= 0 && !isNull(to.Content[j+1]) {
		if !same(to.Content[j+1], value) {
			r.warn(Conflict, oldPath, key.Line, fmt.Sprintf("differs from %s, which is used", path))
		}
		return
	}
	renamed := *key
	renamed.Value = last
	if j >= 0 {
		to.Content = slices.Delete(to.Content, j, j+2)
	}
	to.Content = append(to.Content, &renamed, value)
	r.moved[path] = oldPath
}

// find returns the mapping at path, nil if there is none.
func find(n *yaml.Node, path []string) *yaml.Node {
	for _, key := range path {
		i := at(n, key)
		if i < 0 || n.Content[i+1].Kind != yaml.MappingNode {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}

// ensure is find that makes what is missing; nil if something else than a mapping stands there.
func ensure(n *yaml.Node, path []string, like *yaml.Node) *yaml.Node {
	for _, key := range path {
		i := at(n, key)
		if i >= 0 && isNull(n.Content[i+1]) {
			n.Content = slices.Delete(n.Content, i, i+2)
			i = -1
		}
		if i < 0 {
			i = len(n.Content)
			n.Content = append(n.Content,
				&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: like.Line},
				&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: like.Line})
		}
		if n.Content[i+1].Kind != yaml.MappingNode {
			return nil
		}
		n = n.Content[i+1]
	}
	return n
}
