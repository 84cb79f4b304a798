package service

import (
	"fmt"
	"log/slog"

	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/plan"
)

// errNoCPU is the answer to a request that there is no room for, whatever it is that lacks.
var errNoCPU = psrpc.NewErrorf(psrpc.Unavailable, "not enough CPU")

// affinityAttempt is the bid of an idle node for what is reckoned to take more than it has: any other goes before it.
const affinityAttempt float32 = 0.25

// newGate makes the gate of this machine. A node whose cores are too few for the cheapest request can do nothing.
func newGate(c config.CPUCost, log *slog.Logger) (*admit.Gate, error) {
	cores, err := admit.Cores()
	if err != nil {
		log.Warn("cores", "error", err)
	}
	least, most := admit.Extremes(c)
	switch {
	case cores < least:
		return nil, fmt.Errorf("not enough cpu: the cheapest request is reckoned to take %.2f cores (cpu_cost), there are %.2f", least, cores)
	case cores < most:
		log.Warn("some requests are reckoned to take more cores than there are (cpu_cost); they are taken one at a time",
			"cores", cores, "cost", most)
	}
	return admit.NewGate(admit.BudgetOf(c, cores)), nil
}

// needOf is what a request is reckoned to take. One that is not valid takes nothing: it is to be told what is wrong with it.
func (s *Service) needOf(req *rpc.StartEgressRequest) (admit.Need, plan.Class) {
	class, err := plan.Classify(req)
	if err != nil {
		return admit.Need{}, plan.Class{}
	}
	return admit.NeedOf(s.conf.CPUCost, class, req.EstimatedCpu), class
}

// admit gives the egress its place, or tells in the log what was needed and what was free.
func (s *Service) admit(req *rpc.StartEgressRequest) error {
	need, class := s.needOf(req)
	v := s.gate.Reserve(req.EgressId, need)
	switch log := s.weighed(req, class, v); {
	case !v.Accepted:
		log.Warn("no room for an egress", "reason", v.Reason, "egresses", s.gate.Count())
		return errNoCPU
	case v.Beyond:
		log.Warn("an egress may be too much for this node", "reason", v.Reason)
	default:
		log.Debug("room for an egress")
	}
	return nil
}

// weighed is a log with what a request needs and what was free for it.
func (s *Service) weighed(req *rpc.StartEgressRequest, class plan.Class, v admit.Verdict) *slog.Logger {
	log := s.log.With("egressID", req.EgressId, "type", class.Type, "neededCores", v.NeedCores, "freeCores", v.FreeCores)
	if s.conf.CPUCost.MaxMemory > 0 {
		log = log.With("neededBytes", v.NeedMemory, "freeBytes", v.FreeMemory)
	}
	return log
}

// bid is this node's affinity as far as its load says it. Who asked hears nothing of a node that does not bid: its log
// tells why.
func (s *Service) bid(req *rpc.StartEgressRequest) float32 {
	need, class := s.needOf(req)
	switch v := s.gate.Ask(need); {
	case !v.Accepted:
		s.weighed(req, class, v).Warn("no room for an egress: no bid", "reason", v.Reason, "egresses", s.gate.Count())
		return affinityNone
	case v.Beyond:
		return affinityAttempt
	case s.sessions.recording() == 0:
		return affinityIdle
	}
	return affinityBusy
}

// sampleClasses are requests of each kind, as can_accept and the state tell of them.
var sampleClasses = []struct {
	name  string
	class plan.Class
}{
	{plan.TypeRoomComposite, plan.Class{Type: plan.TypeRoomComposite, Page: true}},
	{"audio_" + plan.TypeRoomComposite, plan.Class{Type: plan.TypeRoomComposite, SoundOnly: true}},
	{plan.TypeWeb, plan.Class{Type: plan.TypeWeb, Page: true}},
	{"audio_" + plan.TypeWeb, plan.Class{Type: plan.TypeWeb, Page: true, SoundOnly: true}},
	{plan.TypeParticipant, plan.Class{Type: plan.TypeParticipant}},
	{plan.TypeTrackComposite, plan.Class{Type: plan.TypeTrackComposite}},
	{plan.TypeTrack, plan.Class{Type: plan.TypeTrack, Passthrough: true}},
	{plan.TypeTemplate, plan.Class{Type: plan.TypeTemplate, Page: true}},
	{plan.TypeMedia, plan.Class{Type: plan.TypeMedia}},
}

// Answer is what a request of some kind would be told now.
type Answer struct {
	Type   string  `json:"type"`
	Accept bool    `json:"accept"`
	Cores  float64 `json:"cores"`            // that must be free for it
	Reason string  `json:"reason,omitempty"` // why it would be refused
}

// answers are those for each kind of request.
func (s *Service) answers() []Answer {
	closed := s.closed()
	list := make([]Answer, 0, len(sampleClasses))
	for _, c := range sampleClasses {
		v := s.gate.Ask(admit.NeedOf(s.conf.CPUCost, c.class, 0))
		a := Answer{Type: c.name, Accept: v.Accepted && closed == "", Cores: v.NeedCores, Reason: v.Reason}
		if closed != "" {
			a.Reason = closed
		}
		list = append(list, a)
	}
	return list
}

// closed tells why no request is taken at all; "" when requests are.
func (s *Service) closed() string {
	switch {
	case s.draining.Load():
		return "draining"
	case !s.reporter.healthy():
		return "livekit-server does not take updates"
	case !s.reachable.Load():
		return "Redis does not answer"
	}
	return ""
}
