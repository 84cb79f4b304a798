// Package ogg reads and writes the pages of Ogg streams (RFC 3533) that carry
// Opus (RFC 7845), as far as a recorder needs it: whole packets, one logical
// stream.
//
// Its invariant: a page is taken only if it is whole and its checksum is right,
// so that what a dead process or a power cut left can be told from media.
//
// The callers are outputs, which makes one stream of what successive encoders
// write, and ffpipe/workfile, which cuts and completes the file. It imports
// nothing of ours.
package ogg
