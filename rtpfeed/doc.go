// Package rtpfeed records the tracks of a LiveKit room without a browser.
//
// A [Room] joins hidden and without subscribing, chooses tracks by a [Want], and reads each of them in a goroutine of
// its own: packets in order, frames out of them, as a [Unit] each, into the [Sink] that its owner makes for the track.
// What is lost is told with the next Unit and never guessed. A track that vanished for any other reason than leaving
// or unpublishing may come back and goes on in the same Sink.
//
// Invariant: a Sink's methods are called from one goroutine, the track's, in the order of the track's media; nothing
// is called after Close.
//
// service/session makes rooms and sinks.
package rtpfeed
