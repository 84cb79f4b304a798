package compose

import "time"

const (
	// lookBack is how long a recording that nobody watches waits for the first sender reports at most: those of pictures
	// come after 5.2 s.
	lookBack = 6 * time.Second
	// lead is how long before it is emitted media is decoded.
	lead = 250 * time.Millisecond
	// slack is how much later than it ever was media may come.
	slack = 150 * time.Millisecond
	// easeStep is by how much a delay must be too long before it is made shorter.
	easeStep = 50 * time.Millisecond
)

// hold decides how long after its time media is emitted. Where nobody watches that is as short as the way of the media
// allows, so that little of a recording is lost with its process: as long as the slowest of late took, and as what is
// missing has been waited for, which the programme stands still for.
type hold struct {
	live    bool          // somebody watches: the delay never changes
	match   bool          // pictures and sound have to match, which takes reports
	patient time.Duration // how long a lost packet is waited for
	late    lateness
	decided bool
	aim     time.Duration // of the delay, as told last
}

// first is the delay to begin with.
func (h *hold) first() time.Duration {
	switch {
	case h.live:
		h.aim, h.decided = h.patient, true
	case h.match:
		h.aim = max(lookBack, h.longest())
	default:
		h.aim, h.decided = lead+slack, true
	}
	return h.aim
}

// longest is the delay that is never exceeded once all is known: what is lost is given up after patient, and then
// decoded.
func (h *hold) longest() time.Duration { return h.patient + 2*lead }

// ready tells once that there is no reason any more to look far back: all tracks have had a report, or have been waited
// for long enough since the first media.
func (h *hold) ready(synced bool, waited time.Duration) bool {
	if h.decided || !synced && waited < lookBack {
		return false
	}
	h.decided = true
	return true
}

// need is the delay that media needs at a moment, as far as is known; missing is how long a track has been silent that
// should not be.
func (h *hold) need(now, missing time.Duration) time.Duration {
	if h.live {
		return h.patient
	}
	late := max(h.late.worst(now), missing-slack/2)
	return min(lead+slack+late, h.longest())
}

// change compares the delay with what is needed: a longer one counts at once, a shorter one by and by.
func (h *hold) change(has, need time.Duration) (longer, shorter bool) {
	switch {
	case h.live || !h.decided:
		return false, false
	case need > has:
		longer = true
	case need > h.aim || need < h.aim-easeStep:
		shorter = true
	default:
		return false, false
	}
	h.aim = need
	return longer, shorter
}
