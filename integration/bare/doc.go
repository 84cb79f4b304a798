// Package bare is the yardstick of what recording costs: the recorder's encoder on its own, fed the frames and samples of
// a recording.
package bare
