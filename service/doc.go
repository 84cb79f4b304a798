// Package service serves egress requests from livekit-server over psrpc on Redis.
//
// It accepts requests (rpc.go), keeps the running sessions (sessions.go), answers StopEgress and
// UpdateStream per egress (handler.go), and tells livekit-server of every state in order
// (report.go): created once, the latest state wins while an older one could not be delivered, the
// terminal state is sent until it is delivered, and nothing follows it. cmd/ffegress calls it.
package service
