package config

import "reflect"

const (
	notYet = "has no effect yet"
	never  = "has no effect here"
)

// noEffect lists the keys, or whole sections, that are accepted and do nothing in this version. Take a line out when
// its key starts to work.
var noEffect = map[string]string{
	"debug":          notYet,
	"test_overrides": notYet,

	"enable_sync_engine":                 notYet,
	"enable_one_shot_sender_report_sync": notYet,
	"audio_tempo_controller":             notYet,

	// Each Chromium has a PulseAudio of its own that dies with it: there is nothing to reap.
	"pulse_sink_reap_grace_sec":  never,
	"cpu_cost.max_pulse_clients": never,
	// Each egress reports by itself: one that is stuck holds up no other.
	"io_workers": never,
	// Keys of 2022 that configure what is not used here.
	"gst_debug":     never,
	"aws_log_level": never,
}

// effect warns of a key that was set to something and does nothing.
func (r *reader) effect(path string, v reflect.Value, line int) {
	if why, ok := noEffect[path]; ok && !v.IsZero() {
		r.warn(NoEffect, path, line, why)
	}
}
