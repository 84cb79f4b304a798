// Package names is a name server on the loopback whose answers a test makes up, also such as change from one question to
// the next.
//
// Invariant: it answers for every name, NXDOMAIN where the test gives no address; nothing is asked of anybody else.
package names
