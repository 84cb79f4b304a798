// Package matrix records a room on a livekit-server that somebody has already, in each way that its configuration does not
// exclude, and looks at what was recorded: `make integration CONFIG=file`. Participants of its own join the room, so that
// there is something to see and to hear; whoever else is in it may stay.
//
// Invariant: of the server only the API and the room are used. All that is started runs on this machine and ends with the
// run.
package matrix
