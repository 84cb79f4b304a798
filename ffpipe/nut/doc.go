// Package nut reads FFmpeg's own container, NUT, as far as raw frames of one stream need it: the exact timestamp of each
// frame, and its bytes straight into a buffer of the caller's.
//
// It is how decoder children hand their pictures over, because nothing else keeps a raw frame and its timestamp together
// without holding a frame back. The format is that of the NUT specification (https://ffmpeg.org/nut.html), versions 3
// and 4.
//
// Invariant: whatever the bytes, reading ends in an error and not in a panic, and allocates no more than a header may
// have. Package rtpfeed/compose calls it.
package nut
