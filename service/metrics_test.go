package service

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/uploads"
)

func TestMetrics(t *testing.T) {
	s, _ := node(t, 8, "web_cpu_cost: 2.5, participant_cpu_cost: 1, max_cpu_utilization: 0.5")
	air(t, s, "EG_1")
	debt := uploads.Debt{ContentType: "video/mp4", Target: uploads.Target{S3: &uploads.S3Target{Endpoint: "http://sesame"}}}
	s.metrics.tried(debt, nil, 20*time.Millisecond)
	s.metrics.ended("web", &livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_COMPLETE})

	code, body := get(t, s.metrics.handler(), "/any/path")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, body)
	}
	const cluster, nodeID = `cluster_id="here"`, `node_id="NE_1"`
	const node = cluster + "," + nodeID
	for _, line := range []string{
		`livekit_egress_available{` + node + `} 0`,
		`livekit_egress_can_accept_request{` + node + `} 0`,
		`livekit_egress_is_disabled{` + node + `} 0`,
		`livekit_egress_is_terminating{` + node + `} 0`,
		`livekit_node_cpu_load{` + node + `,node_type="EGRESS"} 0`,
		`livekit_egress_requests{` + node + `,type="web"} 1`,
		`livekit_egress_requests{` + node + `,type="track"} 0`,
		`livekit_egress_pulse_sinks{` + node + `} 1`,
		`livekit_egress_cgroup_read_success{`,
		`livekit_egress_cgroup_memory_bytes{`,
		`livekit_egress_proc_rss_bytes{`,
		`livekit_egress_would_reject_cgroup{` + node + `} 0`,
		`livekit_egress_handler_results_total{` + node + `,result="completed",type="web"} 1`,
		`livekit_load_ratio{` + node + `,type="cpu"} 0.625`,
		`livekit_load_ratio{` + node + `,type="memory"} 0`,
		`livekit_load_ratio{` + node + `,type="pulse"} 0`,
		`livekit_egress_pipeline_uploads{` + cluster + `,custom_endpoint="true",` + nodeID + `,status="success",type="video/mp4"} 1`,
		`livekit_egress_pipline_upload_response_time_ms_count{`,
		`ffegress_can_accept{` + node + `,type="participant"} 1`,
		`ffegress_free_cores{` + node + `} 1.5`,
		`ffegress_egress_repeated_frames_total{` + cluster + `,egress_id="EG_1",` + nodeID + `,type="web"} 0`,
		`ffegress_upload_age_seconds{` + node + `} 0`,
		`go_goroutines `,
		`promhttp_metric_handler_requests_total{`,
	} {
		if !strings.Contains(body, "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
	if strings.Contains(body, "sesame") {
		t.Error("a secret is told")
	}
}

func TestResultOf(t *testing.T) {
	const failed = livekit.EgressStatus_EGRESS_FAILED
	for _, tt := range []struct {
		info *livekit.EgressInfo
		want string
	}{
		{&livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_COMPLETE}, resultCompleted},
		{&livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_LIMIT_REACHED}, resultCompleted},
		{&livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_ABORTED}, resultAborted},
		{&livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_COMPLETE, Details: "End reason: CPU exhausted"}, resultCPU},
		{&livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_COMPLETE, Details: "End reason: Memory exhausted"}, resultOOM},
		{&livekit.EgressInfo{Status: livekit.EgressStatus_EGRESS_ABORTED, Details: "End reason: Memory exhausted"}, resultOOM},
		{&livekit.EgressInfo{Status: failed, Error: rtpfeed.ErrEvicted.Error()}, resultDuplicate},
		{&livekit.EgressInfo{Status: failed, Error: "pipeline frozen", ErrorCode: 500}, resultError},
		{&livekit.EgressInfo{Status: failed, Error: "?"}, resultError},
		{&livekit.EgressInfo{Status: failed, Error: "page load error: x", ErrorCode: 400}, resultCompleted},
	} {
		if got := resultOf(tt.info); got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.info.Status, tt.info.Error, got, tt.want)
		}
	}
}

func TestUploadStatus(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "success"},
		{&uploads.Error{Class: uploads.Refused}, "4xx"},
		{&uploads.Error{Class: uploads.Missing}, "4xx"},
		{&uploads.Error{Class: uploads.Transient}, "5xx"},
		{&uploads.Error{Class: uploads.Lost}, "internal"},
		{errors.New("?"), "5xx"},
	} {
		if got := uploadStatus(tt.err); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.err, got, tt.want)
		}
	}
}
