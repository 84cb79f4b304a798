package service

import (
	"context"
	"encoding/json"
	"runtime"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/session"
	"github.com/ffegress/ffegress/uploads"
)

// nodeState is the readable state dump.
type nodeState struct {
	NodeReport
	Goroutines int                        `json:"goroutines"`
	Egresses   []egressState              `json:"egresses"`
	Backlog    map[string]uploads.Backlog `json:"backlog,omitempty"` // also of egresses that have ended
}

// egressState is one egress in it.
type egressState struct {
	ID      string           `json:"id"`
	Type    string           `json:"type"`
	Age     string           `json:"age"`
	Info    json.RawMessage  `json:"info,omitempty"` // redacted from the start; without it the session did not answer
	Vitals  session.Vitals   `json:"vitals"`
	Work    session.Work     `json:"work"`
	Load    *admit.Occupant  `json:"load,omitempty"` // nil when only uploads remain
	Backlog *uploads.Backlog `json:"backlog,omitempty"`
}

func (s *Service) state() nodeState {
	report, backlog := s.report(), s.debts.Queue.Backlog()
	n := nodeState{NodeReport: report, Goroutines: runtime.NumGoroutine(), Backlog: backlog, Egresses: []egressState{}}
	ctx, cancel := context.WithTimeout(context.Background(), askWait)
	defer cancel()
	for _, a := range s.onAir.all() {
		n.Egresses = append(n.Egresses, s.egressState(ctx, a, report.Load, backlog))
	}
	return n
}

func (s *Service) egressState(ctx context.Context, a aired, standing admit.Standing, backlog map[string]uploads.Backlog) egressState {
	e := egressState{
		ID: a.id, Type: a.kind, Age: time.Since(a.began).Round(time.Millisecond).String(),
		Vitals: a.session.Vitals(), Work: a.session.Work(),
	}
	if info, err := a.session.Info(ctx); err == nil {
		if text, err := protojson.Marshal(info); err == nil {
			e.Info = text
		}
	}
	for _, o := range standing.Egresses {
		if o.ID == a.id {
			e.Load = &o
		}
	}
	if b, ok := backlog[a.id]; ok {
		e.Backlog = &b
	}
	return e
}
