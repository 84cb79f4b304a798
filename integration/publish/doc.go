// Package publish puts synthetic participants into a real LiveKit room.
//
// Each participant sends its card (package card) as VP8 and its sound as Opus
// in real time, from material that was encoded once and is kept in a cache
// folder. All participants of a Publisher share one zero: frame n leaves at
// zero + n/30 s, the Opus packet k at zero + k·20 ms, and a beep's first
// sample has the same media time as the first white frame.
//
// Invariant: sending times and RTP timestamps are computed from zero by
// absolute deadlines; a late wake-up delays one packet and nothing after it.
//
// It is called by the integration tests and by integration/cmd/publish.
package publish
