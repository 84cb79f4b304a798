package rtpfeed

import (
	"context"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

const (
	// rejoinFirst and rejoinMost are the waits between attempts to join again.
	rejoinFirst = 300 * time.Millisecond
	rejoinMost  = 4 * time.Second
	// joinWait bounds one attempt.
	joinWait = 15 * time.Second
)

// disconnected: the SDK has given up, or was told to leave.
func (r *Room) disconnected(reason livekit.DisconnectReason) {
	r.log.Info("disconnected from the room", "reason", reason)
	switch reason {
	case livekit.DisconnectReason_DUPLICATE_IDENTITY:
		r.finish(ErrEvicted)
		return
	case livekit.DisconnectReason_CLIENT_INITIATED, livekit.DisconnectReason_ROOM_DELETED,
		livekit.DisconnectReason_ROOM_CLOSED, livekit.DisconnectReason_PARTICIPANT_REMOVED:
		r.finish(nil)
		return
	}
	r.lose()
}

// lose begins to join the room again.
func (r *Room) lose() {
	now := time.Now()
	r.current.cancel() // the SDK has let go of the room itself
	r.current = nil
	r.roster.disconnected(now)
	r.joining.Go(func() { r.rejoined <- r.rejoin(now.Add(r.o.Grace)) })
}

// rejoin tries until the deadline, at least once.
func (r *Room) rejoin(deadline time.Time) *connection {
	for wait := rejoinFirst; ; wait = min(2*wait, rejoinMost) {
		ctx, cancel := context.WithTimeout(r.life, joinWait)
		c, err := r.join(ctx)
		cancel()
		if err == nil {
			return c
		}
		r.log.Warn("room could not be joined again", "error", err)
		if time.Now().Add(wait).After(deadline) {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-r.life.Done():
			return nil
		}
	}
}

// adopt goes on with a connection that was made anew.
func (r *Room) adopt(c *connection) {
	if c == nil {
		r.finish(ErrConnection)
		return
	}
	r.current = c
	if c.room.ConnectionState() == lksdk.ConnectionStateDisconnected {
		r.lose() // meanwhile
		return
	}
	r.log.Info("joined the room again")
	r.roster.reconnected(time.Now())
}

// leave ends everything that belongs to the room.
func (r *Room) leave() {
	for _, s := range r.roster.slots {
		if s.feed != nil && s.feed.sink != nil {
			s.feed.stop()
			<-s.feed.done
		}
	}
	if r.current != nil {
		r.current.leave()
	}
	r.end()
	r.joining.Wait()
	select {
	case c := <-r.rejoined:
		if c != nil {
			c.leave()
		}
	default:
	}
}
