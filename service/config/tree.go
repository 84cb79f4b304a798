package config

import (
	"errors"
	"fmt"

	"gopkg.in/yaml.v3"
)

// Bounds on what aliases may blow a file up to, and on nesting.
const (
	maxNodes = 100_000
	maxDepth = 100
)

// flatten copies a tree with aliases and merge keys resolved, so that later passes meet only mappings, sequences and
// scalars. A key that stands twice in a mapping is an error.
func flatten(n *yaml.Node) (*yaml.Node, error) {
	f := flattener{budget: maxNodes}
	return f.node(n, 0)
}

type flattener struct{ budget int }

func (f *flattener) node(n *yaml.Node, depth int) (*yaml.Node, error) {
	f.budget--
	if f.budget < 0 || depth > maxDepth {
		return nil, errors.New("aliases make the document too large")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return f.node(n.Alias, depth+1)
	case yaml.MappingNode:
		return f.mapping(n, depth)
	case yaml.SequenceNode:
		out := plain(n)
		for _, c := range n.Content {
			item, err := f.node(c, depth+1)
			if err != nil {
				return nil, err
			}
			out.Content = append(out.Content, item)
		}
		return out, nil
	}
	out := plain(n)
	out.Value = n.Value
	return out, nil
}

func plain(n *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: n.Kind, Tag: n.Tag, Style: n.Style, Line: n.Line, Column: n.Column}
}

func (f *flattener) mapping(n *yaml.Node, depth int) (*yaml.Node, error) {
	out := plain(n)
	var merges []*yaml.Node
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: a key must be a plain word", key.Line)
		}
		if key.Tag == "!!merge" {
			merges = append(merges, n.Content[i+1])
			continue
		}
		if first, ok := seen[key.Value]; ok {
			return nil, fmt.Errorf("line %d: key %q is already on line %d", key.Line, key.Value, first)
		}
		seen[key.Value] = key.Line
		if err := f.add(out, key, n.Content[i+1], depth); err != nil {
			return nil, err
		}
	}
	for _, m := range merges {
		if err := f.merge(out, m, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f *flattener) add(out, key, value *yaml.Node, depth int) error {
	v, err := f.node(value, depth+1)
	if err != nil {
		return err
	}
	k := plain(key)
	k.Value = key.Value
	out.Content = append(out.Content, k, v)
	return nil
}

// merge applies a "<<" value: keys that are there already win.
func (f *flattener) merge(out, from *yaml.Node, depth int) error {
	src, err := f.node(from, depth+1)
	if err != nil {
		return err
	}
	list := []*yaml.Node{src}
	if src.Kind == yaml.SequenceNode {
		list = src.Content
	}
	for _, m := range list {
		if m.Kind != yaml.MappingNode {
			return fmt.Errorf("line %d: << needs a mapping", from.Line)
		}
		for i := 0; i+1 < len(m.Content); i += 2 {
			if at(out, m.Content[i].Value) < 0 {
				out.Content = append(out.Content, m.Content[i], m.Content[i+1])
			}
		}
	}
	return nil
}

// at returns the index of a key's node in a mapping's Content, -1 if there is none.
func at(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// same reports whether two trees say the same.
func same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || len(a.Content) != len(b.Content) {
		return false
	}
	if a.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(a.Content); i += 2 {
			j := at(b, a.Content[i].Value)
			if j < 0 || !same(a.Content[i+1], b.Content[j+1]) {
				return false
			}
		}
		return true
	}
	for i := range a.Content {
		if !same(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}
