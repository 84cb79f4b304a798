// Package config reads the service's YAML configuration.
//
// It accepts the keys of both generations of LiveKit Egress (today's, and those of 2022: log_level, local_directory,
// top-level s3/azure/gcp/alioss) and ffegress's own. Where an old and a new key say different things the new one
// wins; that, an unknown key, and a key that does nothing in this version are each a Warning with the key's dotted
// path and line, so that a config file of the other server starts here, and nothing in it is ignored in silence.
//
// Invariant: a *Config that was returned without an error is complete (defaults filled in, work_dir absolute) and
// never changes afterwards. Values that must stay secret have the type Secret, which every way of printing redacts.
//
// The command loads it; service and service/plan read it. Nothing below them knows that it exists.
package config
