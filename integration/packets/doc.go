// Package packets holds the packets of a recorded track against those that a publisher sent, one by one: what was recorded
// as it came has each of them, in order, with nothing between. Cases of several issues use it.
//
// Invariant: material is sent in a loop, so that a packet is known by its hash and its neighbours.
package packets
