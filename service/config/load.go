package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// ErrMissing is returned by Resolve when neither a file nor a body is given. The text is today's.
var ErrMissing = errors.New("missing config")

// Resolve loads body if it is not empty, else the file called file; ErrMissing if both are empty.
func Resolve(file, body string) (*Config, []Warning, error) {
	text, err := Source(file, body)
	if err != nil {
		return nil, nil, err
	}
	return Load(text)
}

// Source is the text that Resolve loads.
func Source(file, body string) ([]byte, error) {
	switch {
	case body != "":
		return []byte(body), nil
	case file != "":
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("could not read config: %w", workfile.Denied(file, err))
		}
		return text, nil
	}
	return nil, ErrMissing
}

// Load reads a config from YAML. Errors begin with "could not parse config: " (syntax, wrong types) or
// "invalid config: " and name the key and line of each fault.
func Load(body []byte) (*Config, []Warning, error) {
	root, err := parse(body)
	if err != nil {
		return nil, nil, fmt.Errorf("could not parse config: %w", err)
	}
	c, r := base(), newReader()
	r.adopt(root)
	r.read(root, c)
	if err := r.err(); err != nil {
		return nil, nil, fmt.Errorf("could not parse config: %w", err)
	}
	r.settle(c)
	r.validate(c)
	if err := r.err(); err != nil {
		return nil, nil, fmt.Errorf("invalid config: %w", err)
	}
	return c, r.warnings, nil
}

// Examine is Load for somebody who wants to know everything that is the matter with a config, faults and warnings,
// by line. The config is what could be read of it, to try the rest of the machine with; nil if it is no YAML.
func Examine(body []byte) (*Config, []Warning) {
	root, err := parse(body)
	if err != nil {
		return nil, []Warning{{Kind: Fault, Text: err.Error()}}
	}
	c, r := base(), newReader()
	r.adopt(root)
	r.read(root, c)
	r.settle(c)
	r.validate(c)
	all := append(r.faults, r.warnings...)
	slices.SortStableFunc(all, func(a, b Warning) int { return cmp.Compare(a.Line, b.Line) })
	return c, all
}

// settle notes what keeps a config from being completed; it is about work_dir, and says so.
func (r *reader) settle(c *Config) {
	if err := c.settle(); err != nil {
		r.faults = append(r.faults, Warning{Kind: Fault, Line: r.lines["work_dir"], Text: err.Error()})
	}
}

// parse returns the document as a tree of plain mappings, sequences and scalars; nil if it is empty.
func parse(body []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(body))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	root, err := flatten(doc.Content[0])
	if err != nil {
		return nil, err
	}
	switch {
	case isNull(root):
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	case root.Kind != yaml.MappingNode:
		return nil, fmt.Errorf("line %d: want keys and values, got %s", root.Line, kindOf(root))
	}
	return root, nil
}
