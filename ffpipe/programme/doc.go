// Package programme is the clock of a recording. It turns what sources deliver (pictures and sound that come early,
// late, in bursts, or not at all) into one constant-rate sequence of I420 pictures and 48 kHz stereo samples on one
// timeline: frame n stands at n/fps, sample m at m/48000, both from one zero.
//
// Invariant: whatever the sources do, the number of frames and samples handed to consumers follows the monotonic clock,
// in order and without holes; a missing picture is the last good one, missing sound is silence; no queue grows without
// bound; and no consumer can hold the programme up.
//
// Sources (browser, rtpfeed) place pictures with [VideoSlot.Put] and sound with [AudioLine.Write]; [PCMClock]
// does the arithmetic from arrival times to positions of sound. Consumers are called from the programme's one goroutine:
// [Feed] is the encoder's, images and PCM sockets are others. The package starts no process and opens no file; Feed
// writes to the two writers that it is given.
package programme
