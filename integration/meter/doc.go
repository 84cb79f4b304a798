// Package meter says what a recording of test cards (package card) is really
// like: which frames and beeps are there, how far picture and sound are
// apart, whether sound has gaps, whether colours are right.
//
// It decodes the file with ffmpeg to raw I420 and PCM with the timestamps of
// each frame, finds every participant's card by its identity colour wherever
// the layout has put it, and reads counter, flash and bars; in the sound it
// finds each participant's beeps to about a millisecond.
//
// Invariant: what the meter cannot see it counts as missing, never as good;
// its own tests feed it damaged recordings and demand the right figures.
//
// It is called by integration tests and by integration/cmd/meter.
package meter
