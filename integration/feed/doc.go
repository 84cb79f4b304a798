// Package feed is the acceptance of issue B: tracks that are recorded without a browser, judged by what their publisher
// sent.
//
// Full is what `make accept ISSUE=B` runs, Sample what `make test` has time for.
package feed
