// Command matrix records a room on a livekit-server of one's own in every way: see package integration/matrix. Its
// configuration is one of ffegress, with the keys of LiveKit Egress' first integration tests beside.
package main
