package service

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/livekit/protocol/rpc"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/service/session"
)

// aired is a session that runs, for those who watch the node.
type aired struct {
	id      string
	kind    string                  // request type
	page    bool                    // it takes a browser
	request *rpc.StartEgressRequest // without its secrets
	began   time.Time
	session *session.Session
}

// onAir are the sessions that run in this process.
type onAir struct {
	mu   sync.Mutex
	byID map[string]aired
}

func (o *onAir) add(p *plan.Plan, req *rpc.StartEgressRequest, run *session.Session) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.byID == nil {
		o.byID = map[string]aired{}
	}
	o.byID[p.EgressID] = aired{
		id: p.EgressID, kind: p.Type, page: p.Source.Page(), request: plan.Redact(req), began: p.AcceptedAt, session: run,
	}
}

func (o *onAir) remove(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.byID, id)
}

func (o *onAir) get(id string) (aired, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, ok := o.byID[id]
	return a, ok
}

// session is the one of that id.
func (o *onAir) session(id string) (*session.Session, bool) {
	a, ok := o.get(id)
	return a.session, ok
}

// all are the sessions by their ids.
func (o *onAir) all() []aired {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]aired, 0, len(o.byID))
	for _, id := range slices.Sorted(maps.Keys(o.byID)) {
		list = append(list, o.byID[id])
	}
	return list
}

// parties is what the meter has to look at.
func (o *onAir) parties() map[string]admit.Party {
	parties := map[string]admit.Party{}
	for _, a := range o.all() {
		w := a.session.Work()
		parties[a.id] = admit.Party{PIDs: w.PIDs, Weight: w.Weight}
	}
	return parties
}

// overload is how many pictures were repeated so far because there was no time to encode them.
func (o *onAir) overload() (n int64) {
	for _, a := range o.all() {
		if p, ok := a.session.Progress(); ok {
			n += p.Overload
		}
	}
	return n
}
