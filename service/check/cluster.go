package check

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/config"
)

// censusWait is how long nodes have to answer.
const censusWait = 3 * time.Second

const addNode = "add nodes, lower cpu_cost (docs/watching.md), or wait until recordings end"

// Cluster asks all nodes on the configured Redis how they stand, and gives a result for each and one for all together. It
// returns how many of these are failures: no node at all, or a type of request that none of them takes.
func Cluster(ctx context.Context, o Options, each func(Result)) (failed int) {
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	for _, r := range cluster(ctx, o) {
		if r.Status == Fail {
			failed++
		}
		each(r)
	}
	return failed
}

func cluster(ctx context.Context, o Options) []Result {
	conf, _, err := config.Resolve(o.File, o.Body)
	if err != nil {
		return named("config", fail(err.Error(), "ffegress check tells more"))
	}
	if err := conf.RequireRedis(); err != nil {
		return named("redis", fail(err.Error(), setRedis))
	}
	s := &subject{conf: conf, patience: o.Patience}
	dialling, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	bus, err := service.Dial(dialling, conf.Redis.Client())
	if err != nil {
		return named("redis", s.redisFault(redisPlace(conf.Redis), err))
	}
	defer func() { _ = bus.Close() }()
	nodes, others, err := service.Census(ctx, bus, min(o.Patience, censusWait), slog.New(slog.DiscardHandler))
	if err != nil {
		return named("cluster", fail(oneLine(err), setRedis))
	}
	return clusterResults(nodes, others, redisPlace(conf.Redis))
}

func named(name string, results []Result) []Result {
	for i := range results {
		results[i].Check = name
	}
	return results
}

// clusterResults are a line for each node, and what they come to.
func clusterResults(nodes []service.NodeReport, others int, place string) (all []Result) {
	for _, n := range nodes {
		r := Result{Check: n.NodeID, Found: nodeLine(n), Node: &n}
		if n.Closed != "" || len(refusals(n)) > 0 {
			r.Status = Warn
		}
		all = append(all, r)
		if n.ClusterID != "" {
			all = append(all, named(n.NodeID, warn("cluster_id is "+n.ClusterID,
				"livekit-server's requests reach only nodes without one; take it out if it is not for a server of your own"))...)
		}
	}
	if others > 0 {
		all = append(all, named("cluster", warn(fmt.Sprintf("%d more answer livekit-server and tell no load", others),
			"they are LiveKit Egress, or an older ffegress"))...)
	}
	taken, none := takenTypes(nodes)
	switch {
	case len(nodes) == 0 && others > 0:
	case len(nodes) == 0:
		all = append(all, named("cluster", fail("no node answers on "+place,
			"start ffegress serve with the redis section that livekit-server has"))...)
	case len(none) == 0:
		all = append(all, named("cluster", ok("every type of request is taken by one of %d at least", len(nodes)))...)
	case others > 0:
		all = append(all, named("cluster", warn("no node that tells its load takes "+strings.Join(none, ", "), addNode))...)
	default:
		all = append(all, named("cluster", fail(fmt.Sprintf("no node takes %s; %d types are taken", strings.Join(none, ", "), taken), addNode))...)
	}
	return all
}

// nodeLine is how a node stands: "host: 2 egresses, 1.20 of 8 cores used, 5.20 free; refuses web (CPU: …)".
func nodeLine(n service.NodeReport) string {
	line := fmt.Sprintf("%s: %d recording, %.2f of %g cores used, %.2f free", n.Host, n.Recording, n.Load.Used, n.Load.Cores, n.Load.Free)
	if n.Load.MaxMemory > 0 {
		const gb = 1 << 30
		line += fmt.Sprintf(", %.2f of %.2f GB used", float64(n.Load.UsedMemory)/gb, float64(n.Load.MaxMemory)/gb)
	}
	refused := refusals(n)
	switch {
	case n.Closed != "":
		return line + "; takes nothing (" + n.Closed + ")"
	case len(refused) == 0:
		return line + "; takes every type"
	}
	return line + "; refuses " + strings.Join(refused, "; ")
}

// refusals are the types that the node refuses, by why it does.
func refusals(n service.NodeReport) (list []string) {
	var reasons []string
	types := map[string][]string{}
	for _, a := range n.Accepts {
		if a.Accept {
			continue
		}
		if types[a.Reason] == nil {
			reasons = append(reasons, a.Reason)
		}
		types[a.Reason] = append(types[a.Reason], a.Type)
	}
	for _, why := range reasons {
		list = append(list, strings.Join(types[why], ", ")+" ("+why+")")
	}
	return list
}

// takenTypes is how many types of request a node takes at least, and which none does.
func takenTypes(nodes []service.NodeReport) (taken int, none []string) {
	takes := map[string]bool{}
	var order []string
	for _, n := range nodes {
		for _, a := range n.Accepts {
			if _, seen := takes[a.Type]; !seen {
				order = append(order, a.Type)
			}
			takes[a.Type] = takes[a.Type] || a.Accept && n.ClusterID == ""
		}
	}
	for _, t := range order {
		if takes[t] {
			taken++
		} else {
			none = append(none, t)
		}
	}
	return taken, none
}
