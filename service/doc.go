// Package service serves egress requests from livekit-server over psrpc on Redis.
//
// It accepts requests (rpc.go), keeps the running sessions (sessions.go), answers StopEgress and
// UpdateStream per egress (handler.go), and tells livekit-server of every state in order
// (report.go): created once, the latest state wins while an older one could not be delivered, the
// terminal state is sent until it is delivered, and nothing follows it. It bids for and takes what
// admit's gate has room for (admission.go), measures what runs (watch.go), and tells of itself on
// health_port, prometheus_port and debug_handler_port (health.go, metrics.go, gauges.go, state.go).
// cmd/ffegress calls it.
package service
