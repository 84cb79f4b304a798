package spine

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
)

// drain sends the recorder two signals: after the first a recording goes on and new ones are refused,
// after the second it ends complete.
func drain() accept.Case {
	return accept.Case{
		ID: "drain", Line: 2, Title: "first SIGTERM: the recording goes on; second: it ends COMPLETE; one terminal webhook",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLabWith(ctx, 1, nil)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			r, err := l.start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartRoomComposite(ctx, l.roomRequest("drain.mp4", "grid"))
			})
			if err != nil {
				return err
			}
			if err := l.Egress.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			if err := pause(ctx, 3*time.Second); err != nil {
				return err
			}
			short, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err = l.API.StartRoomComposite(short, l.roomRequest("refused.mp4", "grid"))
			o.Want(err != nil, "a draining recorder took a request")
			if err := l.Egress.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			info, err := r.end(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v: %s", info.Status, info.Error)
			o.Want(strings.Contains(info.Details, "Service shutting down"), "details %q", info.Details)
			media, err := playable(ctx, info.FileResults[0].Location)
			if err != nil {
				return err
			}
			o.Add("recorded from the first signal to the second", "%.1f s", media.Seconds())
			o.Want(media >= 3*time.Second, "the file plays for %v only", media)
			select {
			case <-l.Egress.Done():
				o.Want(l.Egress.Err() == nil, "the recorder exited with %v", l.Egress.Err())
			case <-time.After(endWait):
				o.Want(false, "the recorder does not exit")
			}
			return l.oneEnd(ctx, o, info.EgressId)
		},
	}
}

// oneEnd checks the webhooks of an egress: told in order, ended once, nothing after it.
func (l *lab) oneEnd(ctx context.Context, o *accept.Outcome, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ended := func(e *livekit.WebhookEvent) bool {
		return e.Event == "egress_ended" && e.EgressInfo.GetEgressId() == id
	}
	if _, err := l.Webhooks.Wait(ctx, ended); err != nil {
		return fmt.Errorf("egress_ended: %w", err)
	}
	var events []string
	ends, last := 0, livekit.EgressStatus_EGRESS_STARTING
	for _, h := range l.Webhooks.Egress(id) {
		events = append(events, fmt.Sprintf("%s(%s)", h.Event.Event, strings.TrimPrefix(h.Event.EgressInfo.Status.String(), "EGRESS_")))
		o.Want(h.Event.EgressInfo.Status >= last, "states go back: %v", events)
		last = h.Event.EgressInfo.Status
		if ended(h.Event) {
			ends++
		}
	}
	o.Add("webhooks", "%s", strings.Join(events, ", "))
	o.Want(ends == 1, "egress_ended was told %d times", ends)
	return nil
}
