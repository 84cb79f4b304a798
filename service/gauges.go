package service

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/plan"
)

var _ prometheus.Collector = (*gauges)(nil)

// gauges tell how the node stands at the moment of a scrape.
type gauges struct{ service *Service }

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Those of LiveKit Egress, and two of the node that it has not.
var (
	gaugeAvailable   = gauge("livekit_egress_available", "1 while no egress runs and requests are taken.")
	gaugeCanAccept   = gauge("livekit_egress_can_accept_request", "1 while a Web request would be accepted.")
	gaugeDisabled    = gauge("livekit_egress_is_disabled", "1 while no request is taken: livekit-server or Redis does not answer.")
	gaugeTerminating = gauge("livekit_egress_is_terminating", "1 while the node drains.")
	gaugeCPU         = gauge("livekit_node_cpu_load", "Part of the cores that is in use, 0 to 1.", "node_type")
	gaugeRequests    = gauge("livekit_egress_requests", "Egresses that run.", "type")
	gaugeGroup       = gauge("livekit_egress_cgroup_memory_bytes", "Working set of the cgroup.")
	gaugeGroupRead   = gauge("livekit_egress_cgroup_read_success", "1 when the cgroup's memory can be read.")
	gaugeProcesses   = gauge("livekit_egress_proc_rss_bytes", "Memory of the service and its children; shared pages count in part (PSS).")
	gaugeReject      = gauge("livekit_egress_would_reject_cgroup", "1 when a request would be refused for the cgroup's memory.")
	gaugeSinks       = gauge("livekit_egress_pulse_sinks", "PulseAudio sinks: one for each browser.")
	gaugeRatio       = gauge("livekit_load_ratio", "What is taken of what may be, by kind; of pulse nothing ever is.", "type")

	gaugeAccepts = gauge("ffegress_can_accept", "1 while a request of this type would be accepted.", "type")
	gaugeFree    = gauge("ffegress_free_cores", "Cores that may still be given to egresses.")
)

// nodeGauges are all of them, for Describe.
var nodeGauges = []*prometheus.Desc{
	gaugeAvailable, gaugeCanAccept, gaugeDisabled, gaugeTerminating, gaugeCPU, gaugeRequests, gaugeGroup, gaugeGroupRead,
	gaugeProcesses, gaugeReject, gaugeSinks, gaugeRatio, gaugeAccepts, gaugeFree,
}

// requestTypes are the values of the label type.
var requestTypes = []string{
	plan.TypeRoomComposite, plan.TypeWeb, plan.TypeParticipant, plan.TypeTrackComposite, plan.TypeTrack, plan.TypeTemplate, plan.TypeMedia,
}

func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range nodeGauges {
		to <- d
	}
	for _, e := range egressGauges {
		to <- e.desc
	}
	for _, d := range []*prometheus.Desc{gaugeSegments, gaugePlaylists, gaugeBacklog, gaugeBytes, gaugeAge} {
		to <- d
	}
}

func (g *gauges) Collect(to chan<- prometheus.Metric) {
	s := g.service
	standing, live := s.gate.Standing(), s.onAir.all()
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	draining := s.draining.Load()
	closed := s.closed() != ""
	tell(gaugeAvailable, truth(len(standing.Egresses) == 0 && !closed))
	tell(gaugeDisabled, truth(closed && !draining))
	tell(gaugeTerminating, truth(draining))
	tell(gaugeCPU, standing.Ratio(), "EGRESS")
	tell(gaugeFree, standing.Free)
	for _, a := range s.answers() {
		tell(gaugeAccepts, truth(a.Accept), a.Type)
		if a.Type == plan.TypeWeb {
			tell(gaugeCanAccept, truth(a.Accept))
		}
	}
	running, pages := map[string]int{}, 0
	for _, a := range live {
		running[a.kind]++
		if a.page {
			pages++
		}
	}
	for _, kind := range requestTypes {
		tell(gaugeRequests, float64(running[kind]), kind)
	}
	tell(gaugeSinks, float64(pages))
	tell(gaugeRatio, ratio(standing.Usable-standing.Free, standing.Usable), "cpu")
	tell(gaugeRatio, ratio(float64(standing.UsedMemory), float64(standing.MaxMemory)), "memory")
	tell(gaugeRatio, 0, "pulse") // a PulseAudio for each browser has no bound
	tell(gaugeProcesses, float64(standing.PSS))
	group, err := admit.WorkingSet()
	tell(gaugeGroupRead, truth(err == nil))
	tell(gaugeGroup, float64(group))
	needed := int64((s.conf.CPUCost.MemoryCost + 1) * admit.GB)
	tell(gaugeReject, truth(err == nil && standing.MaxMemory > 0 && group+needed >= standing.MaxMemory))

	g.egresses(to, standing, live, time.Now())
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// ratio is 0 of nothing.
func ratio(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(part/whole, 0), 1)
}
