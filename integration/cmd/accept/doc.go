// Command accept runs the acceptance cases of an issue and writes what they showed to
// integration/results. It goes on where an earlier run for the same commit stopped.
package main
