// Package accept runs the acceptance cases of an issue one by one and writes down what they showed.
//
// A case that was run for the commit at hand is not run again: its outcome is kept beside the
// binaries, so that a run that was cut short goes on where it stopped. The results file of an issue
// has every line that the issue names, with figures, whether it was held or not; a case that was last run for
// another commit names it. cmd/accept calls it.
package accept
