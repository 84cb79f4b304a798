// Package sound decodes packets of sound to what a programme is made of: 48 kHz, two channels, signed 16 bit. Opus is
// decoded by pion/opus, G.711 (ITU-T G.711) here.
//
// A [Joiner] puts together what was decoded: it places packets by their timestamps, follows the sender's clock by single
// samples, and lets sound that breaks off end in a short fade instead of a click.
//
// Invariant: a foreign packet never panics and never makes more than 120 ms of sound. Package rtpfeed/compose calls it.
package sound
