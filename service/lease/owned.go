package lease

import (
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
)

// Owned is an egress that this node speaks for because its own is gone. Its methods may be called from any goroutine.
type Owned struct {
	mu      sync.Mutex
	info    *livekit.EgressInfo
	stopped time.Time // when somebody last wished the end; zero: nobody has

	// Owned by the Reaper's goroutine.
	heard time.Time // last sign of life
	due   time.Time // when the end is told
	quiet func()    // ends speaking for it
}

// stopReason is what the details of an egress say that somebody has stopped.
const stopReason = "End reason: StopEgress API"

// Stop notes that the egress is to end, and answers as its node would have.
func (o *Owned) Stop() *livekit.EgressInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopped = time.Now()
	if o.info.Status == livekit.EgressStatus_EGRESS_ACTIVE {
		o.info.Status, o.info.Details, o.info.UpdatedAt = livekit.EgressStatus_EGRESS_ENDING, stopReason, o.stopped.UnixNano()
	}
	return utils.CloneProto(o.info)
}

// wish tells when somebody last wished the end.
func (o *Owned) wish() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stopped
}

func (o *Owned) lost(now time.Time) *livekit.EgressInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	return Lost(o.info, o.heard, now)
}
