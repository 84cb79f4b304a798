// Package card is the picture and sound language that the test publisher
// speaks and the meters read.
//
// A card is one participant's picture: a border in that participant's own
// colour, a strip of black and white blocks that spells the participant and
// the frame number, a patch that is white for 100 ms once a second, a moving
// block, and eight colour bars. Its sound is a 100 ms tone of the
// participant's own frequency, starting at the very sample at which the
// first white frame starts; participant 0 also has a quiet pilot tone that
// never stops, so that a gap in a recording's sound can be heard.
//
// Invariant: what Painter draws, Read reads back, at any size from 160 pixels
// of width up and after lossy compression; nothing outside this package knows
// where anything in the picture stands.
//
// It is called by integration/publish and integration/page (drawing) and by
// integration/meter (reading).
package card
