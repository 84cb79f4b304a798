// Package outlets holds the acceptance cases of issue D: every output, several at once, changed while running.
//
// Each case brings up the real servers, has a page or a room recorded, and judges what was made or received. Package
// accept runs the cases; a sample of them is a test of this package.
package outlets
