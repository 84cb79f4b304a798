package check

import (
	"fmt"

	"github.com/ffegress/ffegress/service"
)

// Status is how a check ended.
type Status int

const (
	// OK is as it should be.
	OK Status = iota
	// Warn is something that can fail some recordings, or could not be looked at.
	Warn
	// Fail is something that will fail recordings, or a configuration that does not do what it says.
	Fail
)

// String is the first word of the line.
func (s Status) String() string {
	switch s {
	case OK:
		return "ok"
	case Warn:
		return "warn"
	}
	return "FAIL"
}

// MarshalText implements encoding.TextMarshaler, for JSON.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Result is one line.
type Result struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Remedy string `json:"remedy,omitempty"`

	Node *service.NodeReport `json:"node,omitempty"` // of Cluster: what the line tells of
}

// String is the line.
func (r Result) String() string {
	line := fmt.Sprintf("%-4s  %-13s  %s", r.Status, r.Check, r.Found)
	if r.Remedy != "" {
		line += ". Remedy: " + r.Remedy
	}
	return line
}

func ok(format string, args ...any) []Result {
	return []Result{{Status: OK, Found: fmt.Sprintf(format, args...)}}
}

func warn(found, remedy string) []Result {
	return []Result{{Status: Warn, Found: found, Remedy: remedy}}
}

func fail(found, remedy string) []Result {
	return []Result{{Status: Fail, Found: found, Remedy: remedy}}
}
