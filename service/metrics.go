package service

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/service/session"
	"github.com/ffegress/ffegress/uploads"
)

// metrics are the counters of the node, and what its gauges are collected into.
type metrics struct {
	registry *prometheus.Registry
	labelled prometheus.Registerer // adds node_id and cluster_id

	results *prometheus.CounterVec
	uploads *prometheus.CounterVec
	upload  *prometheus.HistogramVec
	backups *prometheus.CounterVec
}

// newMetrics makes the counters of LiveKit Egress under its names, its slip of the pen included.
func newMetrics(nodeID, clusterID string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.labelled = prometheus.WrapRegistererWith(prometheus.Labels{"node_id": nodeID, "cluster_id": clusterID}, m.registry)
	m.results = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "livekit_egress_handler_results_total", Help: "Egresses that ended, by how they did.",
	}, []string{"type", "result"})
	m.uploads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "livekit_egress_pipeline_uploads", Help: "Tries to upload a file.",
	}, []string{"type", "status", "custom_endpoint"})
	m.upload = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "livekit_egress_pipline_upload_response_time_ms", Help: "How long tries to upload a file took.",
		Buckets: []float64{10, 100, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000},
	}, []string{"type", "status", "custom_endpoint"})
	m.backups = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "livekit_egress_backup_storage_writes", Help: "Outputs of egresses that used the backup storage.",
	}, []string{"output_type"})
	m.labelled.MustRegister(m.results, m.uploads, m.upload, m.backups)
	return m
}

// handler serves these metrics and the process-wide ones: psrpc's, Go's and the process'.
func (m *metrics) handler() http.Handler {
	all := prometheus.Gatherers{prometheus.DefaultGatherer, m.registry}
	return promhttp.InstrumentMetricHandler(m.registry, promhttp.HandlerFor(all, promhttp.HandlerOpts{Registry: m.registry}))
}

// tried counts a try to upload.
func (m *metrics) tried(d uploads.Debt, err error, took time.Duration) {
	labels := prometheus.Labels{
		"type": d.ContentType, "status": uploadStatus(err), "custom_endpoint": strconv.FormatBool(d.Target.CustomEndpoint()),
	}
	m.uploads.With(labels).Inc()
	m.upload.With(labels).Observe(float64(took) / float64(time.Millisecond))
}

// uploadStatus sorts a store's answers by whose fault they are.
func uploadStatus(err error) string {
	switch {
	case err == nil:
		return "success"
	case uploads.ClassOf(err) == uploads.Lost:
		return "internal"
	case uploads.ClassOf(err) == uploads.Transient:
		return "5xx"
	}
	return "4xx"
}

// Results of egresses, as LiveKit Egress calls them.
const (
	resultCompleted = "completed"
	resultAborted   = "aborted"
	resultCPU       = "stopped_cpu"
	resultOOM       = "killed_oom"
	resultError     = "process_error"
	resultDuplicate = "duplicate_identity"
)

// ended counts an egress that is over.
func (m *metrics) ended(kind string, info *livekit.EgressInfo) {
	m.results.WithLabelValues(kind, resultOf(info)).Inc()
	if !info.BackupStorageUsed {
		return
	}
	for output, n := range map[string]int{
		"file": len(info.FileResults), "segments": len(info.SegmentResults), "images": len(info.ImageResults),
	} {
		if n > 0 {
			m.backups.WithLabelValues(output).Add(float64(n))
		}
	}
}

// resultOf tells from its last state how an egress ended. One that failed for a reason outside of the recorder, a page
// that could not be loaded for one, is completed: the recorder did its work.
func resultOf(info *livekit.EgressInfo) string {
	switch {
	case strings.Contains(info.Details, session.ReasonCPU):
		return resultCPU
	case strings.Contains(info.Details, session.ReasonMemory):
		return resultOOM
	case info.Status == livekit.EgressStatus_EGRESS_ABORTED:
		return resultAborted
	case info.Status != livekit.EgressStatus_EGRESS_FAILED:
		return resultCompleted
	case strings.Contains(info.Error, rtpfeed.ErrEvicted.Error()):
		return resultDuplicate
	case info.ErrorCode == 0 || info.ErrorCode >= http.StatusInternalServerError:
		return resultError
	}
	return resultCompleted
}
