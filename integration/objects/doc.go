// Package objects is an S3 server for tests: gofakes3 with its objects and parts on disk, behind faults of ours
// (statuses, silence, cut connections, slowness, absence) that a test switches on and off.
//
// It checks the MD5 of what it is sent and no signatures. Blocks of zeros take no room on its disk, so that files of
// many gigabytes can go through it.
package objects
