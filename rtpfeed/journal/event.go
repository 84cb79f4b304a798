package journal

import (
	"time"

	"github.com/ffegress/ffegress/rtpfeed"
)

// Kind says what an event is.
type Kind byte

// The kinds of events, as they are numbered in the file.
const (
	Opened   Kind = iota + 1 // a track: Track, Side
	Media                    // Unit
	Reported                 // Report
	Muted
	Unmuted
	Replaced // Track
	Vacant
	Closed
)

// Event is something that happened to a track. Times are since the epoch of whoever notes them.
type Event struct {
	Kind  Kind
	Track int           // numbers the tracks in the order in which they were opened, from 0
	At    time.Duration // of media: when its first packet arrived
	Came  time.Duration // of media: when it was handed over
	Side  int           // where its sound goes, by the numbers of rtpfeed/sound

	About  rtpfeed.Track
	Unit   rtpfeed.Unit // without Arrived, which is At
	Report rtpfeed.Report
}
