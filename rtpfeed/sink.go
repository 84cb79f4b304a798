package rtpfeed

import "time"

// Sink takes one track's media. Its methods are called from one goroutine and must not block for long.
type Sink interface {
	Unit(Unit)
	Report(Report)
	// Muted tells what signalling says of the track, also right after the start when it is muted then.
	Muted(muted bool, at time.Time)
	// Replaced tells that the track vanished and came back (same identity and source): its media goes on with new
	// RTP timestamps, perhaps in another codec. The next Unit of a picture is a keyframe.
	Replaced(Track)
	// Close is the last call: the track has ended, or the room was left.
	Close()
}

// vacancy is implemented by sinks that want to know since when no packets can come.
type vacancy interface{ Vacant(at time.Time) }

// Keyframer asks the sender of one track for a keyframe, at most twice a second. A Sink is given it when it is made;
// it may be called from any goroutine, also after Close.
type Keyframer interface{ RequestKeyframe() }
