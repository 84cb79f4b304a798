package outputs

import "fmt"

// QueueFullError says that a store takes less than is made. Its text is what
// clients of LiveKit Egress know.
type QueueFullError struct {
	Kind    string // "image" or "segment"
	Pending int
}

// Error is the text for EgressInfo.
func (e *QueueFullError) Error() string {
	return fmt.Sprintf("%s upload queue full (%d pending): storage cannot keep up", e.Kind, e.Pending)
}
