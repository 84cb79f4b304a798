package node

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// slack is what a recording's length and the wall clock may differ by: Stop takes its way.
const slack = 500 * time.Millisecond

// rolling replaces two nodes one after the other while they record.
func rolling() accept.Case {
	return accept.Case{
		ID: "rolling-restart", Line: 1, Title: "two nodes are replaced one after the other while they record: no second is lost",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			if _, err := p.another(ctx); err != nil {
				return err
			}
			var running []*lab.Recording
			for i := range 3 {
				r, err := p.record(ctx, fmt.Sprintf("rolling-%d", i))
				if err != nil {
					return err
				}
				running = append(running, r)
				if i == 2 {
					break
				}
				// Whoever records it goes; a new one takes the next.
				node, err := p.nodeOf(r.Info.EgressId)
				if err != nil {
					return err
				}
				if _, err := p.another(ctx); err != nil {
					return err
				}
				if err := node.Signal(syscall.SIGTERM); err != nil {
					return err
				}
				if err := lab.Pause(ctx, 2*time.Second); err != nil {
					return err
				}
			}
			for _, r := range running {
				node, err := p.nodeOf(r.Info.EgressId)
				if err != nil {
					return err
				}
				_, lost, err := whole(ctx, r)
				if err != nil {
					return err
				}
				o.Want(lost < slack && lost > -slack, "%v of the recording are missing", lost)
				o.Add("wall clock beside the file", "%+d ms", lost.Milliseconds())
				if r == running[len(running)-1] {
					continue
				}
				select {
				case <-node.Done():
					o.Want(node.Err() == nil, "the node ended with %v", node.Err())
				case <-time.After(30 * time.Second):
					o.Want(false, "the node does not end after its last recording")
				}
			}
			return nil
		},
	}
}

// nodeOf is the recorder that took an egress.
func (p *post) nodeOf(id string) (*rig.Egress, error) {
	for _, e := range append([]*rig.Egress{p.Egress}, p.others...) {
		if n, err := e.Said("egress accepted", "egressID="+id); err == nil && n > 0 {
			return e, nil
		}
	}
	return nil, fmt.Errorf("nobody says to have accepted %s", id)
}

// deadline lets the drain's time pass with a recording that does not end by itself, and looks at the health meanwhile.
func deadline() accept.Case {
	return accept.Case{
		ID: "drain-deadline", Title: "drain_timeout: the recording goes on until then and ends COMPLETE; health is 200 as long as it is busy",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			const timeout = 6 * time.Second
			p, err := newPost(ctx, map[string]any{"drain_timeout": timeout.String()})
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			r, err := p.record(ctx, "deadline")
			if err != nil {
				return err
			}
			if err := p.Egress.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			told := time.Now()
			if err := lab.Pause(ctx, timeout/2); err != nil {
				return err
			}
			status, body, err := get(ctx, p.Egress.HealthPort, "/")
			o.Want(err == nil && status == 200 && strings.Contains(body, r.Info.EgressId), "health of a node that drains and records: %d %v %s", status, err, body)
			_, metrics, err := get(ctx, p.metrics, "/")
			m := parseMetrics(metrics)
			o.Want(err == nil && m.value("livekit_egress_is_terminating") == 1 && m.value("livekit_egress_can_accept_request") == 0, "metrics do not tell of the drain: %v", err)
			info, err := r.End(ctx)
			if err != nil {
				return err
			}
			took := time.Since(told)
			o.Add("SIGTERM → terminal status", "%.1f s with drain_timeout %v", took.Seconds(), timeout)
			o.Want(took >= timeout-time.Second && took < timeout+10*time.Second, "it ended after %v", took)
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && strings.Contains(info.Details, "Service shutting down"), "%v %q %q", info.Status, info.Error, info.Details)
			media := time.Duration(info.FileResults[0].Duration)
			o.Want(media >= timeout-time.Second, "the file has %v only", media)
			p.judgeEnd(o)
			return nil
		},
	}
}

// judgeEnd waits for the end of the recorder's process.
func (p *post) judgeEnd(o *accept.Outcome) {
	select {
	case <-p.Egress.Done():
		o.Want(p.Egress.Err() == nil, "the node ended with %v", p.Egress.Err())
	case <-time.After(30 * time.Second):
		o.Want(false, "the node does not end")
	}
}

// hurried sends a drain its second signal, a SIGINT after a SIGTERM.
func hurried() accept.Case {
	return accept.Case{
		ID: "drain-second-signal", Title: "SIGTERM: the recording goes on, a new one is refused; SIGINT then: it ends COMPLETE",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			r, err := p.record(ctx, "hurried")
			if err != nil {
				return err
			}
			if err := p.Egress.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			if err := lab.Pause(ctx, 2*time.Second); err != nil {
				return err
			}
			asking, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err = p.ask(asking, "refused")
			o.Want(err != nil, "a draining node took a request")
			info, err := p.API.WaitEgress(ctx, r.Info.EgressId, func(*livekit.EgressInfo) bool { return true })
			o.Want(err == nil && info.Status == livekit.EgressStatus_EGRESS_ACTIVE, "after the first signal: %v, %v", info.GetStatus(), err)
			if err := p.Egress.Signal(syscall.SIGINT); err != nil {
				return err
			}
			told := time.Now()
			if info, err = r.End(ctx); err != nil {
				return err
			}
			o.Add("second signal → terminal status", "%.1f s", time.Since(told).Seconds())
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && strings.Contains(info.Details, "Service shutting down"), "%v %q %q", info.Status, info.Error, info.Details)
			p.judgeEnd(o)
			return nil
		},
	}
}
