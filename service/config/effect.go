package config

import (
	"reflect"
	"strings"
)

const never = "has no effect here"

// noEffect lists the keys, or whole sections, that are accepted and do nothing. Those of latency hold for latency_overrides, too, and those of storage for backup.
var noEffect = map[string]string{
	// LiveKit Egress' own test hooks.
	"test_overrides": never,

	// Senders' reports always place what they send, and sound is always kept from drifting.
	"enable_sync_engine":                      never,
	"enable_one_shot_sender_report_sync":      never,
	"audio_tempo_controller":                  never,
	"latency.rtpmaxallowedtsdiff":             never,
	"latency.rtpmaxdriftadjustment":           never,
	"latency.rtpdriftadjustmentwindowpercent": never,
	// There is no pipeline whose parts wait for each other by these: what is live waits for jitter_buffer_latency.
	"latency.audio_mixer_latency":  never,
	"latency.pipeline_latency":     never,
	"latency.old_packet_threshold": never,

	// Each Chromium has a PulseAudio of its own that dies with it: there is nothing to reap.
	"pulse_sink_reap_grace_sec":  never,
	"cpu_cost.max_pulse_clients": never,
	// Each egress reports by itself: one that is stuck holds up no other.
	"io_workers": never,
	// Neither has ever done anything.
	"storage.s3.min_retry_delay": never,
	"storage.alioss.region":      never,
	// Keys of 2022 that configure what is not used here.
	"gst_debug":     never,
	"aws_log_level": never,
}

// inEffectOf is the path of the table that holds for another section, too.
func inEffectOf(path string) string {
	if rest, ok := strings.CutPrefix(path, "latency_overrides."); ok {
		_, key, _ := strings.Cut(rest, ".")
		return "latency." + key
	}
	if rest, ok := strings.CutPrefix(path, "backup."); ok {
		return "storage." + rest
	}
	return path
}

// effect warns of a key that was set to something and does nothing.
func (r *reader) effect(path string, v reflect.Value, line int) {
	if why, ok := noEffect[inEffectOf(path)]; ok && !v.IsZero() {
		r.warn(NoEffect, path, line, why)
	}
}
