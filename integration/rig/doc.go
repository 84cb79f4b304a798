// Package rig runs the real servers that full-stack tests and the demo need,
// all on free loopback ports: redis-server, livekit-server and the ffegress
// binary; with a webhook receiver, an API client that speaks Twirp JSON as
// livekit-cli does, and a look into the process table.
//
// Invariant: every child dies with the process that started it (Pdeathsig
// from a locked thread) and is ended by its own pid; every wait is for an
// event and has a deadline.
//
// It is called by the integration tests, benches and the demo. It uses no
// package of the product, so that it judges the binary from outside.
package rig
