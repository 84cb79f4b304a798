package session

import "github.com/livekit/protocol/livekit"

// transitions is the table of doc.go. Terminal states have no row.
var transitions = map[livekit.EgressStatus][]livekit.EgressStatus{
	livekit.EgressStatus_EGRESS_STARTING: {
		livekit.EgressStatus_EGRESS_ACTIVE,
		livekit.EgressStatus_EGRESS_ABORTED,
		livekit.EgressStatus_EGRESS_FAILED,
		livekit.EgressStatus_EGRESS_LIMIT_REACHED,
	},
	livekit.EgressStatus_EGRESS_ACTIVE: {
		livekit.EgressStatus_EGRESS_ENDING,
		livekit.EgressStatus_EGRESS_FAILED,
		livekit.EgressStatus_EGRESS_LIMIT_REACHED,
	},
	livekit.EgressStatus_EGRESS_ENDING: {
		livekit.EgressStatus_EGRESS_COMPLETE,
		livekit.EgressStatus_EGRESS_FAILED,
		livekit.EgressStatus_EGRESS_LIMIT_REACHED, // told after an upload that was awaited
	},
}

// allowed tells whether an egress may go from one state to the other.
func allowed(from, to livekit.EgressStatus) bool {
	for _, s := range transitions[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Terminal tells whether nothing may follow this state.
func Terminal(s livekit.EgressStatus) bool {
	return len(transitions[s]) == 0
}
