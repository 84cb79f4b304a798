package service

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ffegress/ffegress/service/admit"
	"github.com/ffegress/ffegress/service/session"
	"github.com/ffegress/ffegress/uploads"
)

// sight is what there is to see of one egress.
type sight struct {
	vitals  session.Vitals
	load    admit.Occupant
	backlog uploads.Backlog
	now     time.Time
}

// egressGauge is a figure of each egress; what never falls is a counter.
type egressGauge struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(sight) float64
}

func figure(name, help string, kind prometheus.ValueType, value func(sight) float64) egressGauge {
	return egressGauge{gauge(name, help, "egress_id", "type"), kind, value}
}

// egressGauges are told of each egress that runs.
var egressGauges = []egressGauge{
	figure("ffegress_egress_frames_total", "Frames of the recording.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Progress.Frames) }),
	figure("ffegress_egress_repeated_frames_total", "Frames that repeat the one before.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Progress.Repeats) }),
	figure("ffegress_egress_overload_frames_total", "Of them those for which there was no time to encode another.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Progress.Overload) }),
	figure("ffegress_egress_held_frames_total", "Frames that show another's picture because the encoder died.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Progress.Holes) }),
	figure("ffegress_egress_longest_hold_seconds", "Longest time that one picture stood.", prometheus.GaugeValue,
		func(s sight) float64 { return s.vitals.Progress.MaxHold.Seconds() }),
	figure("ffegress_egress_page_losses_total", "Times that the page was lost.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.PageLosses) }),
	figure("ffegress_egress_undrawn_seconds_total", "Time for which Chromium could not draw.", prometheus.CounterValue,
		func(s sight) float64 { return s.vitals.Held.Seconds() }),
	figure("ffegress_egress_keyframe_requests_total", "Keyframes that publishers were asked for (PLI).", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Keyframes) }),
	figure("ffegress_egress_av_correction_seconds", "By how much timelines were moved to keep sound and picture together.", prometheus.GaugeValue,
		func(s sight) float64 { return s.vitals.Correction.Seconds() }),
	figure("ffegress_egress_encoder_speed", "Media time that the encoder makes in a second; 0 without an encoder.", prometheus.GaugeValue,
		func(s sight) float64 { return s.vitals.Progress.Speed }),
	figure("ffegress_egress_encoder_restarts_total", "Times that the encoder was restarted.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Progress.Encoder) }),
	figure("ffegress_egress_bytes_total", "Bytes that were made.", prometheus.CounterValue,
		func(s sight) float64 { return float64(s.vitals.Progress.Bytes) }),
	figure("ffegress_egress_cpu_cores", "Cores that the egress uses, its part of the service's included.", prometheus.GaugeValue,
		func(s sight) float64 { return s.load.Used }),
	figure("ffegress_egress_pss_bytes", "Memory of the egress' processes (PSS).", prometheus.GaugeValue,
		func(s sight) float64 { return float64(s.load.PSS) }),
	figure("ffegress_egress_upload_backlog_files", "Files that are not uploaded yet.", prometheus.GaugeValue,
		func(s sight) float64 { return float64(s.backlog.Files) }),
	figure("ffegress_egress_upload_backlog_bytes", "Bytes of them.", prometheus.GaugeValue,
		func(s sight) float64 { return float64(s.backlog.Bytes) }),
	figure("ffegress_egress_upload_age_seconds", "Age of the oldest file that is not uploaded yet.", prometheus.GaugeValue,
		func(s sight) float64 {
			if s.backlog.Oldest.IsZero() {
				return 0
			}
			return s.now.Sub(s.backlog.Oldest).Seconds()
		}),
}

// queueGauges are LiveKit Egress' names for parts of the backlog; they have no type.
var (
	gaugeSegments  = gauge("livekit_egress_segments_uploads_channel_size", "Files but playlists that are not uploaded yet.", "egress_id")
	gaugePlaylists = gauge("livekit_egress_playlist_uploads_channel_size", "Playlists that are not uploaded yet.", "egress_id")
	gaugeBacklog   = gauge("ffegress_upload_backlog_files", "Files that are not uploaded yet, of egresses that have ended too.")
	gaugeBytes     = gauge("ffegress_upload_backlog_bytes", "Bytes of them.")
	gaugeAge       = gauge("ffegress_upload_age_seconds", "Age of the oldest of them.")
)

// egresses tells the figures of each egress, and the backlog of all.
func (g *gauges) egresses(to chan<- prometheus.Metric, standing admit.Standing, live []aired, now time.Time) {
	backlog := g.service.debts.Queue.Backlog()
	loads := map[string]admit.Occupant{}
	for _, o := range standing.Egresses {
		loads[o.ID] = o
	}
	for _, a := range live {
		s := sight{vitals: a.session.Vitals(), load: loads[a.id], backlog: backlog[a.id], now: now}
		for _, e := range egressGauges {
			to <- prometheus.MustNewConstMetric(e.desc, e.kind, e.value(s), a.id, a.kind)
		}
	}
	var all uploads.Backlog
	for id, b := range backlog {
		to <- prometheus.MustNewConstMetric(gaugeSegments, prometheus.GaugeValue, float64(b.Files-b.Playlists), id)
		to <- prometheus.MustNewConstMetric(gaugePlaylists, prometheus.GaugeValue, float64(b.Playlists), id)
		all.Files, all.Bytes = all.Files+b.Files, all.Bytes+b.Bytes
		if all.Oldest.IsZero() || b.Oldest.Before(all.Oldest) {
			all.Oldest = b.Oldest
		}
	}
	age := 0.0
	if !all.Oldest.IsZero() {
		age = now.Sub(all.Oldest).Seconds()
	}
	to <- prometheus.MustNewConstMetric(gaugeBacklog, prometheus.GaugeValue, float64(all.Files))
	to <- prometheus.MustNewConstMetric(gaugeBytes, prometheus.GaugeValue, float64(all.Bytes))
	to <- prometheus.MustNewConstMetric(gaugeAge, prometheus.GaugeValue, age)
}
