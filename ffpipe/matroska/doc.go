// Package matroska writes and reads Matroska (RFC 9559) as far as a recorder needs it: a segment of unknown size whose
// timestamps are microseconds, each frame in a cluster of its own, each cluster with its size and checksum.
//
// Its invariant: what was written up to any cluster's end is a playable file, and a cluster that is not whole is told
// from one that is.
//
// The callers are rtpfeed, which writes tracks as they come, and ffpipe/workfile, which cuts such a file after a crash.
// It imports nothing of ours.
package matroska
