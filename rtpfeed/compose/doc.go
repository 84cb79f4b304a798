// Package compose puts the tracks of a room onto a programme: each track's media is held encoded until it is due, placed
// by its participant's clock (rtpfeed/clock), decoded, and handed to the programme's picture slot or to a sound line of
// its own.
//
// A [Stage] belongs to one recording. Its [Stage.Sink] is what rtpfeed.Room hands a track's media to. What is held back
// is encoded media, for as long as the programme's delay is: six seconds at first when nobody watches, so that the first
// sender reports are there before the first frame is placed.
//
// Invariant: no picture reaches the programme that was not decoded from an unbroken chain; lost pictures are the last
// good one, a signalled mute and two seconds without media are black, sound that does not come is silence; and what one
// track does to its decoder harms no other.
//
// service/session calls it.
package compose
