package programme

import "time"

// Stats are a programme's counters since its start.
type Stats struct {
	Frames  int64 // slots emitted
	Repeats int64 // slots of them without a picture of their own
	Late    int64 // pictures that came after their slot was emitted
	Dropped int64 // pictures never shown: of a wrong size, overtaken, or more than the queue holds
	Queue   int   // pictures that wait for their slot now

	MaxHold time.Duration // longest time that one picture stood

	Samples       int64 // samples emitted
	SilentSamples int64 // of them those for which no line had sound
	LateSamples   int64 // written after their place was emitted, over all lines
	AheadSamples  int64 // written further ahead than a line holds, over all lines
	Lines         int   // audio lines open or not yet drained
}
