// Package workfile keeps a recording on disk so that it is playable at every
// moment, and makes the nice file of it at the end.
//
// A [Writer] appends whole fragments of MP4, pages of Ogg or frames of MP3; a
// [Syncer] makes them durable about once a second without ever holding up an
// append. After a crash [Truncate] cuts the file behind the last whole one.
// [Finalise] makes the nice file beside the target (MP4 with its index in front,
// Ogg that ends exactly, MP3 with an Info frame) and renames it there; [Deliver]
// gives the work file itself the target's name when that cannot be done.
//
// The invariants: what was synced survives a power cut; a file under its final
// name is whole; a failed step leaves the work file as it was.
//
// The callers are outputs, for running jobs, and the service's recovery after a
// crash. All disk access but ffmpeg's own goes through [FS], so that tests can
// cut the power between any two operations.
package workfile
