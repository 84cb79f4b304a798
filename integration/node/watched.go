package node

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
)

// specified are LiveKit Egress' metrics with their labels, beside node_id and cluster_id. Those that only an upload
// makes are in uploaded.
var specified = map[string][]string{
	"livekit_egress_available":             nil,
	"livekit_egress_can_accept_request":    nil,
	"livekit_egress_is_disabled":           nil,
	"livekit_egress_is_terminating":        nil,
	"livekit_node_cpu_load":                {"node_type"},
	"livekit_egress_requests":              {"type"},
	"livekit_egress_cgroup_memory_bytes":   nil,
	"livekit_egress_cgroup_read_success":   nil,
	"livekit_egress_proc_rss_bytes":        nil,
	"livekit_egress_would_reject_cgroup":   nil,
	"livekit_egress_pulse_sinks":           nil,
	"livekit_egress_handler_results_total": {"type", "result"},
	"livekit_load_ratio":                   {"type"},
}

// watched records a room's sound and a page, and holds what the node tells of itself against what it does.
func watched(length time.Duration) accept.Case {
	return accept.Case{
		ID: "watched", Title: fmt.Sprintf("health, metrics and state of a node that records a page and a track, %v", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, map[string]any{"cluster_id": nil})
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 320, Height: 180})
			if err != nil {
				return err
			}
			defer pages.Close()
			if err := p.judgeIdle(ctx, o); err != nil {
				return err
			}
			web, err := p.Start(ctx, func() (*livekit.EgressInfo, error) {
				return p.API.StartWeb(ctx, &livekit.WebEgressRequest{Url: pages.URL, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: filepath.Join(p.Media, "watched.mp4")}}})
			})
			if err != nil {
				return err
			}
			track, err := p.record(ctx, "watched")
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, length); err != nil {
				return err
			}
			if err := p.judgeBusy(ctx, o, web.Info.EgressId, track.Info.EgressId, length); err != nil {
				return err
			}
			for _, r := range []*lab.Recording{web, track} {
				if _, _, err := whole(ctx, r); err != nil {
					return err
				}
			}
			return p.judgeDone(ctx, o)
		},
	}
}

func (p *post) judgeIdle(ctx context.Context, o *accept.Outcome) error {
	status, body, err := get(ctx, p.Egress.HealthPort, "/whatever")
	if err != nil {
		return err
	}
	o.Want(status == 200 && strings.Contains(body, `"CpuLoad":`), "health of an idle node: %d %s", status, body)
	_, text, err := get(ctx, p.metrics, "/")
	if err != nil {
		return err
	}
	m := parseMetrics(text)
	o.Want(m.value("livekit_egress_available") == 1 && m.value("livekit_egress_can_accept_request") == 1, "an idle node says that it is not available")
	return nil
}

func (p *post) judgeBusy(ctx context.Context, o *accept.Outcome, web, track string, length time.Duration) error {
	status, body, err := get(ctx, p.Egress.HealthPort, "/")
	if err != nil {
		return err
	}
	var health map[string]any
	err = json.Unmarshal([]byte(body), &health)
	o.Want(status == 200 && err == nil && len(health) == 3 && health[web] != nil && health[track] != nil, "health of a busy node: %d %v %s", status, err, body)
	load, _ := health["CpuLoad"].(float64)
	o.Add("CpuLoad", "%.0f %%", load)

	_, text, err := get(ctx, p.metrics, "/metrics")
	if err != nil {
		return err
	}
	m := parseMetrics(text)
	byWeb, byTrack := fmt.Sprintf("egress_id=%q", web), fmt.Sprintf("egress_id=%q", track)
	o.Want(m.value("livekit_egress_available") == 0, "a busy node says that it is available")
	o.Want(m.value("livekit_egress_requests", `type="web"`) == 1 && m.value("livekit_egress_requests", `type="track"`) == 1 &&
		m.value("livekit_egress_requests", `type="participant"`) == 0, "requests are not those that run")
	o.Want(m.value("livekit_egress_pulse_sinks") == 1, "one browser has one sink, told are %v", m.value("livekit_egress_pulse_sinks"))
	cores, memory := m.value("ffegress_egress_cpu_cores", byWeb), m.value("ffegress_egress_pss_bytes", byWeb)
	o.Add("page", "%.2f cores, %.0f MB (PSS), encoder speed %.2f, %v of %v frames repeated", cores, memory/1e6,
		m.value("ffegress_egress_encoder_speed", byWeb), m.value("ffegress_egress_repeated_frames_total", byWeb), m.value("ffegress_egress_frames_total", byWeb))
	own := m.value("ffegress_egress_cpu_cores", byTrack)
	o.Add("track", "%.3f cores", own)
	o.Add("node", "%.2f of the cores, %.0f MB (PSS)", m.value("livekit_node_cpu_load"), m.value("livekit_egress_proc_rss_bytes")/1e6)
	o.Want(cores > 0.02 && memory > 50e6, "a page takes %v cores and %v bytes", cores, memory)
	o.Want(own >= 0 && own < cores, "a track takes %v cores, a page %v", own, cores)
	least := 0.8 * 30 * length.Seconds()
	o.Want(m.value("ffegress_egress_frames_total", byWeb) >= least, "frames of the page: %v, want %v at least", m.value("ffegress_egress_frames_total", byWeb), least)
	o.Want(m.value("ffegress_egress_bytes_total", byTrack) > 1000, "bytes of the track: %v", m.value("ffegress_egress_bytes_total", byTrack))
	_, state, err := get(ctx, p.debug, "/state")
	o.Want(err == nil && json.Valid([]byte(state)) && strings.Contains(state, web) && strings.Contains(state, track), "the state: %v %s", err, state)
	return nil
}

// judgeDone looks for every metric of the spec after two egresses have ended.
func (p *post) judgeDone(ctx context.Context, o *accept.Outcome) error {
	var m samples
	err := until(ctx, "both ends in the metrics", 30*time.Second, func() bool {
		_, text, err := get(ctx, p.metrics, "/")
		m = parseMetrics(text)
		const results = "livekit_egress_handler_results_total"
		return err == nil && m.value(results, `type="web"`, `result="completed"`) == 1 && m.value(results, `type="track"`, `result="completed"`) == 1
	})
	if err != nil {
		return err
	}
	for name, labels := range specified {
		o.Want(m.has(name, append(slices.Clone(labels), "node_id", "cluster_id")...), "there is no %s with %v", name, labels)
	}
	for _, name := range []string{"go_goroutines", "process_cpu_seconds_total", "promhttp_metric_handler_requests_total"} {
		o.Want(m.has(name), "there is no %s", name)
	}
	o.Want(slices.ContainsFunc(m, func(s sample) bool { return strings.HasPrefix(s.name, "livekit_psrpc_") }), "there is nothing of psrpc")
	o.Want(!slices.ContainsFunc(m, func(s sample) bool { return strings.HasPrefix(s.name, "ffegress_egress_") }), "an egress is told of that is over")
	o.Add("metrics", "%d of LiveKit Egress, with their labels", len(specified))
	return nil
}

// cutOff takes Redis away from an idle node and from one that records.
func cutOff() accept.Case {
	return accept.Case{
		ID: "health-redis", Title: "Redis hangs: 503 when idle, 200 while recording, and all is well again after",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			is := func(want int, text string) func() bool {
				return func() bool {
					status, body, err := get(ctx, p.Egress.HealthPort, "/")
					return err == nil && status == want && strings.Contains(body, text)
				}
			}
			hang := func() error { return p.Redis.Signal(syscall.SIGSTOP) }
			goOn := func() error { return p.Redis.Signal(syscall.SIGCONT) }
			if err := hang(); err != nil {
				return err
			}
			began := time.Now()
			err = until(ctx, "503", 30*time.Second, is(503, `"Unavailable":"Redis does not answer"`))
			took := time.Since(began)
			if again := goOn(); err != nil || again != nil {
				return fmt.Errorf("%w, %w", err, again)
			}
			o.Add("Redis hangs → 503", "%.1f s", took.Seconds())
			if err := until(ctx, "200 again", 30*time.Second, is(200, "CpuLoad")); err != nil {
				return err
			}
			r, err := p.record(ctx, "cut-off")
			if err != nil {
				return err
			}
			if err := hang(); err != nil {
				return err
			}
			err = until(ctx, "is_disabled", 30*time.Second, func() bool {
				_, text, err := get(ctx, p.metrics, "/")
				return err == nil && parseMetrics(text).value("livekit_egress_is_disabled") == 1
			})
			o.Want(is(200, r.Info.EgressId)(), "a node that records is not well")
			if again := goOn(); err != nil || again != nil {
				return fmt.Errorf("%w, %w", err, again)
			}
			_, lost, err := whole(ctx, r)
			if err != nil {
				return err
			}
			o.Want(lost < slack && lost > -slack, "%v of the recording are missing", lost)
			return nil
		},
	}
}
