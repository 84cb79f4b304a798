package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// reader lays a YAML tree over a Config, field by field, so that every fault has the path and line of its key.
type reader struct {
	warnings []Warning
	faults   []Warning
	moved    map[string]string // today's path → the path that is in the file
	lines    map[string]int    // today's path → line of the key
}

func newReader() *reader { return &reader{moved: map[string]string{}, lines: map[string]int{}} }

// ChromeFlags are command line flags for Chromium, without their dashes: true is a bare flag, false removes it, a
// string is its value.
type ChromeFlags map[string]any

var (
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[Secret]()
	flagsType    = reflect.TypeFor[ChromeFlags]()
	latencyType  = reflect.TypeFor[Latency]()
)

func (r *reader) read(root *yaml.Node, c *Config) { r.structure(root, reflect.ValueOf(c).Elem(), "") }

func (r *reader) warn(kind WarningKind, path string, line int, text string) {
	r.warnings = append(r.warnings, Warning{Kind: kind, Path: r.written(path), Line: line, Text: text})
}

func (r *reader) fail(path string, line int, format string, args ...any) {
	r.faults = append(r.faults, Warning{Kind: Fault, Path: r.written(path), Line: line, Text: fmt.Sprintf(format, args...)})
}

// err is all faults in one; nil without any.
func (r *reader) err() error {
	var errs []error
	for _, f := range r.faults {
		errs = append(errs, errors.New(f.String()))
	}
	return errors.Join(errs...)
}

// written turns a path of today into the one that the file has.
func (r *reader) written(path string) string {
	for p := path; p != ""; {
		if old, ok := r.moved[p]; ok {
			return old + strings.TrimPrefix(path, p)
		}
		i := strings.LastIndexByte(p, '.')
		if i < 0 {
			break
		}
		p = p[:i]
	}
	return path
}

func (r *reader) structure(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.fail(path, n.Line, "want keys and values, got %s", kindOf(n))
		return
	}
	fields := fieldsOf(v)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		p := join(path, key.Value)
		r.lines[p] = key.Line
		if field, ok := fields[key.Value]; ok {
			if !isNull(value) {
				r.value(value, field, p)
				r.effect(p, field, key.Line)
			}
			continue
		}
		if field, ok := secretOf(fields, key.Value); ok {
			r.secretFile(n, value, field, p)
			continue
		}
		r.unknown(p, key, fields)
	}
}

func (r *reader) value(n *yaml.Node, v reflect.Value, path string) {
	switch {
	case v.Kind() == reflect.Pointer:
		target := reflect.New(v.Type().Elem())
		r.value(n, target.Elem(), path)
		v.Set(target)
	case v.Type() == durationType:
		r.duration(n, v, path)
	case v.Type() == flagsType:
		r.flags(n, v, path)
	case v.Kind() == reflect.Map && v.Type().Elem() == latencyType:
		r.latencies(n, v, path)
	case v.Kind() == reflect.Struct:
		r.structure(n, v, path)
	default:
		r.leaf(n, v, path)
	}
}

func (r *reader) leaf(n *yaml.Node, v reflect.Value, path string) {
	if !fraction(n, v) && n.Decode(v.Addr().Interface()) == nil {
		return
	}
	got := kindOf(n)
	if n.Kind == yaml.ScalarNode && v.Type() != secretType {
		got = fmt.Sprintf("%q", n.Value)
	}
	r.fail(path, n.Line, "want %s, got %s", wanted(v.Type()), got)
}

// fraction reports a number with a fractional part where a whole one belongs: the yaml package would cut it off.
func fraction(n *yaml.Node, v reflect.Value) bool {
	var f float64
	return v.CanInt() && n.ShortTag() == "!!float" && (n.Decode(&f) != nil || f != math.Trunc(f))
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "keys and values"
	}
	return "a text"
}

// duration accepts what Go does, and a bare number as nanoseconds, as today. Below a millisecond that is surely a
// number of seconds whose unit was forgotten.
func (r *reader) duration(n *yaml.Node, v reflect.Value, path string) {
	var ns int64
	if n.Kind == yaml.ScalarNode {
		if d, err := time.ParseDuration(n.Value); err == nil {
			v.SetInt(int64(d))
			return
		}
		if n.Decode(&ns) == nil && (ns == 0 || time.Duration(ns).Abs() >= time.Millisecond) {
			v.SetInt(ns)
			return
		}
		r.fail(path, n.Line, "want a duration with a unit (like 30s or 1h30m), got %q", n.Value)
		return
	}
	r.fail(path, n.Line, "want a duration with a unit (like 30s or 1h30m), got %s", kindOf(n))
}

func (r *reader) flags(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.fail(path, n.Line, "want keys and values, got %s", kindOf(n))
		return
	}
	flags := ChromeFlags{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := strings.TrimLeft(n.Content[i].Value, "-"), n.Content[i+1]
		switch {
		case name == "" || value.Kind != yaml.ScalarNode:
			r.fail(join(path, n.Content[i].Value), value.Line, "want true, false or a text")
		case value.ShortTag() == "!!bool":
			var on bool
			if err := value.Decode(&on); err != nil {
				r.fail(join(path, name), value.Line, "want true, false or a text")
			}
			flags[name] = on
		default:
			flags[name] = value.Value
		}
	}
	v.Set(reflect.ValueOf(flags))
}

func (r *reader) latencies(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		r.fail(path, n.Line, "want keys and values, got %s", kindOf(n))
		return
	}
	all := map[string]Latency{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !slices.Contains(overridable, key.Value) {
			r.warn(UnknownKey, join(path, key.Value), key.Line, "unknown request type")
			continue
		}
		l := defaultLatency()
		if !isNull(value) {
			r.structure(value, reflect.ValueOf(&l).Elem(), join(path, key.Value))
		}
		all[key.Value] = l
	}
	v.Set(reflect.ValueOf(all))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
