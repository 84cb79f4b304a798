// Package outputs turns what the encoder makes into what was asked for.
//
// One encoder child feeds one Hub with fragmented MP4; every output is a
// Subscription to that hub. The invariants are:
//
//   - The hub publishes whole fragments only, on one timeline that never goes
//     back, whatever happens to the encoder: an Encoding restarts a dead
//     encoder from Hub.End and the hub moves the new fragments to where the
//     old ones ended.
//   - Nobody blocks the hub. A subscriber that is too slow loses its own
//     subscription (Lossless) or its own fragments (Live), never another's.
//   - A final file name never holds anything that is half made.
//
// service/session makes an Encoding and its outputs, drives them through the
// Output interface and reports their Results. The package imports
// ffpipe/programme, ffpipe/workfile and ffpipe, and nothing to its left.
package outputs
