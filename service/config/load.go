package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"gopkg.in/yaml.v3"
)

// ErrMissing is returned by Resolve when neither a file nor a body is given. The text is today's.
var ErrMissing = errors.New("missing config")

// LoadOptions says how strict loading is.
type LoadOptions struct {
	// Strict makes unknown keys and keys without effect errors.
	Strict bool
}

// Load reads a config from YAML. Errors begin with "could not parse config: " (syntax, wrong types) or
// "invalid config: " and name the key and line of each fault.
func Load(body []byte) (*Config, []Warning, error) { return LoadOptions{}.Load(body) }

// LoadFile reads a config file.
func LoadFile(path string) (*Config, []Warning, error) { return LoadOptions{}.LoadFile(path) }

// Resolve loads body if it is not empty, else the file called file; ErrMissing if both are empty.
func Resolve(file, body string) (*Config, []Warning, error) { return LoadOptions{}.Resolve(file, body) }

// Resolve is the package's Resolve with these options.
func (o LoadOptions) Resolve(file, body string) (*Config, []Warning, error) {
	switch {
	case body != "":
		return o.Load([]byte(body))
	case file != "":
		return o.LoadFile(file)
	}
	return nil, nil, ErrMissing
}

// LoadFile is the package's LoadFile with these options.
func (o LoadOptions) LoadFile(path string) (*Config, []Warning, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("could not read config: %w", err)
	}
	return o.Load(body)
}

// Load is the package's Load with these options.
func (o LoadOptions) Load(body []byte) (*Config, []Warning, error) {
	root, err := parse(body)
	if err != nil {
		return nil, nil, fmt.Errorf("could not parse config: %w", err)
	}
	c := base()
	r := newReader()
	r.adopt(root)
	r.read(root, c)
	if err := errors.Join(r.errs...); err != nil {
		return nil, nil, fmt.Errorf("could not parse config: %w", err)
	}
	if err := c.settle(); err != nil {
		return nil, nil, fmt.Errorf("invalid config: %w", err)
	}
	r.validate(c)
	if o.Strict {
		for _, w := range r.warnings {
			if w.Kind == UnknownKey || w.Kind == NoEffect {
				r.errs = append(r.errs, errors.New(w.String()))
			}
		}
	}
	if err := errors.Join(r.errs...); err != nil {
		return nil, nil, fmt.Errorf("invalid config: %w", err)
	}
	return c, r.warnings, nil
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
