// Package nodes shows that an egress is not lost with its node: the cases of issue E in which recorders die, stand still or
// lose their Redis. Each egress is told to have ended once, a dead one can be stopped, and what was recorded is delivered.
//
// Times are node_lost_after's: a tenth of the default's, where a case does not say otherwise. "Back after 5 min" is 30 s then.
package nodes
