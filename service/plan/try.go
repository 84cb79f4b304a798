package plan

import (
	"strconv"
	"strings"
)

// trySign is in no id of livekit-server's.
const trySign = "~"

// TryName tells the tries of an egress apart: its id is the first one's name, the id and "~1" the second's.
func TryName(egressID string, retryCount int32) string {
	if retryCount <= 0 {
		return egressID
	}
	return egressID + trySign + strconv.Itoa(int(retryCount))
}

// EgressOf is the id of the egress that a try of this name belongs to.
func EgressOf(name string) string {
	id, _, _ := strings.Cut(name, trySign)
	return id
}
