// Package admit decides whether a node may take one more egress.
//
// A [Gate] holds what each running egress is reckoned to take: its reservation, the configured cost, until what it
// takes has been measured for a while after its recording began, and the measured use from then on. Deciding and
// reserving are one step, so that of a burst of requests each is decided with those before it in mind. What a
// [Verdict] says is pure arithmetic (budget.go); cores.go, memory.go and process.go read what there is and what is used
// from /proc and the cgroup file system.
//
// The invariant: what cannot be measured is reckoned at its configured cost, never at nothing.
//
// service makes the gate from the cpu_cost section, measures every second while egresses run, and refuses or bids by
// what the gate says. Nothing here ends an egress: [Pressure] only says when the node cannot carry what it has.
package admit
