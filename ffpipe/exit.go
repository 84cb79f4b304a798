package ffpipe

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// interruptedCode is ffmpeg's exit code after a SIGINT that it obeyed.
const interruptedCode = 255

// ExitError says how a child ended when it did not end cleanly.
type ExitError struct {
	Name   string         // the command's role
	Code   int            // exit code, -1 when a signal ended it
	Signal syscall.Signal // 0 when it exited
	Wanted bool           // whether we had asked it to end
	Tail   []string       // last stderr lines, redacted
}

// Error is one line: role, how it ended and the last useful stderr line.
func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit code %d", e.Code)
	if e.Signal != 0 {
		how = fmt.Sprintf("ended by signal %d (%v)", int(e.Signal), e.Signal)
	}
	if e.Signal == syscall.SIGKILL || e.Signal == syscall.SIGTERM {
		return fmt.Sprintf("%s: %s", e.Name, how) // from outside: its last words are about something else
	}
	if line := e.reason(); line != "" {
		return fmt.Sprintf("%s: %s: %s", e.Name, how, line)
	}
	return fmt.Sprintf("%s: %s", e.Name, how)
}

// emptyPhrases mark stderr lines that end nearly every failed ffmpeg run, or
// any run, and explain nothing.
var emptyPhrases = []string{
	"Conversion failed!",
	"Thread message queue blocking",
	"Exiting normally",
	"Qavg:",
}

func (e *ExitError) reason() string {
	for _, line := range e.Tail { // Chromium says more after its last word
		if strings.Contains(line, ":FATAL:") {
			return strings.TrimSpace(line)
		}
	}
	last := ""
	for i := len(e.Tail) - 1; i >= 0; i-- {
		line := strings.TrimSpace(e.Tail[i])
		if line == "" {
			continue
		}
		if last == "" {
			last = line
		}
		if !isEmptyPhrase(line) {
			return line
		}
	}
	return last
}

func isEmptyPhrase(line string) bool {
	for _, phrase := range emptyPhrases {
		if strings.Contains(line, phrase) {
			return true
		}
	}
	return false
}

// exitError is the one place that judges an exit. 255 and death by SIGINT are
// clean only if the SIGINT was ours.
func exitError(name string, state *os.ProcessState, wanted, interrupted bool, tail []string) error {
	e := &ExitError{Name: name, Code: state.ExitCode(), Wanted: wanted, Tail: tail}
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Signal = ws.Signal()
	}
	switch {
	case e.Code == 0:
		return nil
	case wanted && interrupted && (e.Code == interruptedCode || e.Signal == syscall.SIGINT):
		return nil
	}
	return e
}

// ErrorOf returns the [*ExitError] in err, nil if there is none.
func ErrorOf(err error) *ExitError {
	var e *ExitError
	if errors.As(err, &e) {
		return e
	}
	return nil
}
