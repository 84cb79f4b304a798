// Package stores has the acceptance of issue E that is about stores: each takes large objects through faults and a
// change of process, and an egress whose store fails goes to its backup and tells the truth about it.
//
// Real parts: ffegress, livekit-server, Redis, Chromium, gofakes3, fake-gcs-server and azurite. AliOSS is a fake of its
// protocol. It uses integration/lab; cmd/accept runs it.
package stores
