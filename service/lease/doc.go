// Package lease keeps the egresses of a node that dies from being lost.
//
// Each egress that runs has a lease in Redis, which its node renews (Keeper). A lease that nobody renews lapses. Reaper,
// on every node, then looks whether the node is really gone; one survivor becomes the owner, speaks for the egress and at
// last tells its end. Every end, whoever tells it, first takes the egress' end record (Ends): the first one decides how it
// ended, and livekit-server is told that once.
//
// What is in Redis, each key by itself, so that it works in a cluster, and all times by Redis' clock:
//
//	ffegress:leases      sorted set: egress id → when its lease lapses, unix milliseconds
//	ffegress:lease:ID    JSON: node, redacted EgressInfo
//	ffegress:owner:ID    node that speaks for an egress whose own is gone; expires
//	ffegress:end:ID      JSON: node, redacted EgressInfo, delivered, resumed; 24 h
//
// An egress may be resumed elsewhere (Gone). Each try of it has a lease and an end of its own: ID is then that of package
// plan's TryName, and the end of a try that is gone on with is one that nobody is told.
//
// Invariant: a node acts for another only while its own link has been healthy for Times.Healthy, so that an outage of
// Redis ends nothing; an id stays in ffegress:leases until its end has been delivered. service wires it up.
package lease
