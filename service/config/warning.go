package config

import "fmt"

// WarningKind says what is the matter with a key.
type WarningKind int

const (
	// UnknownKey is a key that no version of the service has had.
	UnknownKey WarningKind = iota
	// NoEffect is a key that is understood and does nothing in this version.
	NoEffect
	// Conflict is two keys that say different things; the text says which one holds.
	Conflict
	// BadValue is a value that today's server replaces without a word; the text says what it was replaced with.
	BadValue
	// Fault is what no config may have: Load fails.
	Fault
)

// Warning is something in the file that will not do what its writer may expect.
type Warning struct {
	Kind WarningKind
	Path string // dotted, as written in the file: "redis.adress"; empty when the text names the place
	Line int    // 0 = not from a line
	Text string
}

// String is one line: "line 3: redis.adress: unknown key".
func (w Warning) String() string {
	text := w.Text
	if w.Path != "" {
		text = w.Path + ": " + text
	}
	if w.Line == 0 {
		return text
	}
	return fmt.Sprintf("line %d: %s", w.Line, text)
}
