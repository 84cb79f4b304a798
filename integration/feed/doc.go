// Package feed is the acceptance of issue B: tracks that are recorded without a browser, judged by what their publisher
// sent.
//
// Full is what `make accept ISSUE=B` runs, Sample what `make test` has time for.
//
// The cases of line 6 fuzz what others send for ten minutes each. scripts/corpus keeps a small part of what they find as
// seeds in the package's testdata: what reaches statements that nothing else reaches.
package feed
