package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/livekit/protocol/livekit"
)

// Exit codes of every command.
const (
	exitOK      = 0 // done; for record: the recording is complete, or a limit ended it
	exitError   = 1 // the configuration or the request is wrong, or the service could not start
	exitFailed  = 3 // record: the recording failed; what was recorded is in the file
	exitAborted = 4 // record: ended before anything was recorded; there is no file
)

// codedError is an error with an exit code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// exitCode prints the error and tells the code that stands for it.
func exitCode(w io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(w, "ffegress:", err)
	var coded *codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	return exitError
}

// outcome is the error that stands for a terminal status; nil for a recording that is whole.
func outcome(info *livekit.EgressInfo) error {
	switch info.Status {
	case livekit.EgressStatus_EGRESS_COMPLETE, livekit.EgressStatus_EGRESS_LIMIT_REACHED:
		return nil
	case livekit.EgressStatus_EGRESS_ENDING:
		return &codedError{exitFailed, errors.New("the upload is left on disk; `ffegress uploads retry` goes on with it")}
	case livekit.EgressStatus_EGRESS_ABORTED:
		return &codedError{exitAborted, fmt.Errorf("aborted: %s", info.Error)}
	default:
		return &codedError{exitFailed, fmt.Errorf("failed: %s", info.Error)}
	}
}
