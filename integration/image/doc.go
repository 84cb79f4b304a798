// Package image has the acceptance cases of the image and its surroundings: the Dockerfile is built, and what it makes is
// run as an operator runs it.
//
// Invariant: nothing but the image's own files is run in a container; the servers and the publisher run outside.
package image
