package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every way of printing a non-empty Secret shows.
const Redacted = "{redacted}"

// Secret is a string that does not print: fmt, slog, YAML, JSON and text encoding all show Redacted instead.
// The empty Secret shows as the empty string, because that it is missing is no secret and often the fault looked for.
type Secret string

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return Redacted
}

// Format implements fmt.Formatter. String alone is not enough: a wrong verb (%d) makes fmt print the bare value.
func (s Secret) Format(w fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || (verb == 'v' && w.Flag('#')) {
		text = fmt.Sprintf("%q", text)
	}
	// fmt.State keeps the error for its caller.
	_, _ = io.WriteString(w, text)
}

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalYAML implements yaml.Marshaler.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
