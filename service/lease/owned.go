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
	quiet func()    // ends speaking for it; more calls do nothing
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

// id is that of the egress.
func (o *Owned) id() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.info.EgressId
}

// lost is how the egress ends; why is what kept it from being resumed, nil if nobody has tried.
func (o *Owned) lost(now time.Time, why error) *livekit.EgressInfo {
	o.mu.Lock()
	defer o.mu.Unlock()
	info := Lost(o.info, o.heard, now)
	if why != nil {
		info.Error += textNotResumed + why.Error()
	}
	return info
}

// unended tells that nobody has wished the end.
func (o *Owned) unended() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	starting, active := livekit.EgressStatus_EGRESS_STARTING, livekit.EgressStatus_EGRESS_ACTIVE
	return o.stopped.IsZero() && (o.info.Status == starting || o.info.Status == active)
}
