// Package clock puts the tracks of one participant on one timeline, from RTP timestamps and RTCP sender reports (RFC
// 3550 section 6.4.1). It is pure arithmetic: it asks no clock, starts nothing, and is for one goroutine at a time.
//
// A report ties a track's RTP timestamps to the sender's own clock, which all tracks of a participant share. A [Group]
// ties that clock to ours by the quickest way that any of its tracks has come: a session time is a duration since an
// epoch of the caller's, the moment at which the media would have arrived on that way. A track without a report is
// placed by its own quickest arrival, less what its predecessor was known to be late.
//
// Invariant: once media of a track was handed on ([Track.Pin]), sound of it is moved by half a millisecond a second at
// most, however the sender's clock runs or is set; what has to move at once, when the first report shows that the two
// ways are not equally long, is the picture. Timestamps that jump are tied to their arrival again.
//
// [Slots] gives pictures their slots. Package rtpfeed/compose calls it all.
package clock
