// Package check tries everything that a recording needs, and says in one line each what was found and, where
// something is wrong, the remedy: the configuration, the programs, fonts, Redis, livekit-server and the API key, the
// directories and the template's port.
//
// Invariant: each check ends within Options.Patience, changes nothing on the machine or the servers that outlasts
// it, and prints no secret. cmd/ffegress calls it. It stands above service, because it connects as the service does.
package check
