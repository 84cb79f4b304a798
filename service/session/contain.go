package session

import (
	"log/slog"
	"runtime/debug"

	"github.com/livekit/psrpc"
)

// contain runs fn and turns its panic into an error, so that it stays this egress' own.
func contain(log *slog.Logger, fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			log.Error("panic in session", "panic", r, "stack", string(debug.Stack()))
			err = psrpc.NewErrorf(psrpc.Internal, "internal error: %v", r)
		}
	}()
	return fn()
}
