package compose

import "time"

const (
	// lookBack is how long a recording that nobody watches waits for the first sender reports at most: those of pictures
	// come after 5.2 s.
	lookBack = 6 * time.Second
	// lead is how long before it is emitted media is decoded.
	lead = 250 * time.Millisecond
)

// hold decides how long after its time media is emitted.
type hold struct {
	live    bool          // somebody watches
	match   bool          // pictures and sound have to match, which takes reports
	patient time.Duration // how long a lost packet is waited for
	decided bool
}

// first is the delay to begin with.
func (h *hold) first() time.Duration {
	switch {
	case h.live:
		h.decided = true
		return h.patient
	case !h.match:
		h.decided = true
		return h.settled()
	}
	return max(lookBack, h.settled())
}

// settled is the delay once all is known. What is lost is given up after patient, and then decoded.
func (h *hold) settled() time.Duration { return h.patient + 2*lead }

// next gives a new delay once there is reason for one: all tracks have had a report, or have been waited for long enough
// since the first media.
func (h *hold) next(synced bool, waited time.Duration) (time.Duration, bool) {
	if h.decided || !synced && waited < lookBack {
		return 0, false
	}
	h.decided = true
	return h.settled(), true
}
