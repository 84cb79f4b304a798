package lease

import "time"

// Times are what follows from node_lost_after.
type Times struct {
	Lost    time.Duration // after the last sign of life, an egress of a node that is gone ends
	Renew   time.Duration // between two renewals, and two looks at others' leases
	Lapse   time.Duration // how long a lease holds
	Healthy time.Duration // how long the link to Redis must have been good before others' leases are acted on
}

// TimesOf gives 5 s, 15 s and 45 s for the default of two minutes. A node that is stopped for 20 s loses its leases and
// gets them back; three renewals may fail.
func TimesOf(lost time.Duration) Times {
	return Times{Lost: lost, Renew: lost / 24, Lapse: lost / 8, Healthy: lost * 3 / 8}
}

// io bounds one command.
func (t Times) io() time.Duration { return min(max(t.Renew, time.Second), 5*time.Second) }

// Ask is how long other nodes are given to tell what they run.
func (t Times) Ask() time.Duration { return min(max(t.Renew, time.Second), 3*time.Second) }
