// Package page serves the web pages that Web egress is tested with: one that
// plays two minutes of a test card (package card) with sound, and a set of
// broken ones for the table of bad input.
//
// Invariant: everything is on 127.0.0.1, and Close ends every request that
// still hangs.
//
// It is called by the integration tests and by integration/cmd/page.
package page
