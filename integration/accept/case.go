package accept

import (
	"context"
	"fmt"
)

// Figure is one thing that was measured.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Outcome is what a case showed.
type Outcome struct {
	Held    bool     `json:"held"`
	Figures []Figure `json:"figures"`
	Missed  []string `json:"missed,omitempty"` // what was not held, in words
}

// Case is one thing to show. Run returns an error only when the case could not be carried out.
type Case struct {
	ID    string // names the case in files and on the command line
	Line  int    // the line of the "Shows when done" that it belongs to; 0: what the issue asks for elsewhere
	Title string
	Run   func(ctx context.Context, o *Outcome) error
}

// Add notes a figure.
func (o *Outcome) Add(name, format string, args ...any) {
	o.Figures = append(o.Figures, Figure{Name: name, Value: fmt.Sprintf(format, args...)})
}

// Want notes that something does not hold.
func (o *Outcome) Want(holds bool, format string, args ...any) {
	if !holds {
		o.Missed = append(o.Missed, fmt.Sprintf(format, args...))
	}
}
