package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// With these a node takes five tracks: 2 cores, of which 0.8 may be given away.
const (
	burstCores = "2"
	burstCost  = 0.3
	burstRoom  = 5
)

func makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

// burst asks two nodes for more than they have room for, all at once: they take what fits, one decision at a time, and
// what they took is whole. livekit-server asks again for what nobody took, for more than ten seconds: some of it is taken
// when it is known that the first ones need less than their costs.
func burst(n int) accept.Case {
	return accept.Case{
		ID: "burst", Line: 1, Title: fmt.Sprintf("%d starts at once on two nodes with room for %d", n, 2*burstRoom),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, map[string]any{"cpu_cost": map[string]any{"track_cpu_cost": burstCost}}, "LIVEKIT_CPU_REQUEST="+burstCores)
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			second, err := p.another(ctx)
			if err != nil {
				return err
			}
			began := time.Now()
			wait := p.askAtOnce(ctx, n)
			// Those that were taken at once record by now, and nothing is settled yet.
			if err := lab.Pause(ctx, 6*time.Second); err != nil {
				return err
			}
			if err := p.judgeFull(ctx, o, second); err != nil {
				return err
			}
			taken, refused := wait()
			o.Add("taken, refused", "%d, %d, all told after %.1f s", len(taken), len(refused), time.Since(began).Seconds())
			o.Want(len(taken)+len(refused) == n && len(taken) >= 2*burstRoom-2, "%d are taken and %d refused, of %d", len(taken), len(refused), n)
			told := map[string]int{}
			for _, err := range refused {
				told[err.Error()]++
				var e *rig.APIError
				o.Want(errors.As(err, &e) && e.Code == "unavailable" &&
					(strings.HasSuffix(e.Msg, "not enough CPU") || strings.HasSuffix(e.Msg, "no response from servers")), "refused with %v", err)
			}
			o.Add("refusals", "%v", told)
			for _, r := range taken {
				info, lost, err := whole(ctx, r)
				if err != nil {
					return fmt.Errorf("%s: %w", r.Info.EgressId, err)
				}
				o.Want(lost < slack && lost > -slack, "%s lost %v of what was recorded", info.EgressId, lost)
			}
			for _, e := range []*rig.Egress{p.Egress, second} {
				n, err := e.Said("the node cannot carry what it records")
				o.Want(err == nil && n == 0, "a healthy egress was ended: %d, %v", n, err)
			}
			return nil
		},
	}
}

// askAtOnce asks for n recordings; what it gives waits for all answers, and gives those that record and why the others do
// not.
func (p *post) askAtOnce(ctx context.Context, n int) (wait func() (taken []*lab.Recording, refused []error)) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var taken []*lab.Recording
	var refused []error
	for i := range n {
		wg.Go(func() {
			r, err := p.record(ctx, fmt.Sprintf("burst-%02d", i))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused = append(refused, errors.Unwrap(err))
				return
			}
			taken = append(taken, r)
		})
	}
	return func() ([]*lab.Recording, []error) {
		wg.Wait()
		return taken, refused
	}
}

// judgeFull looks at what two full nodes tell: in their logs, and to whoever asks all of them.
func (p *post) judgeFull(ctx context.Context, o *accept.Outcome, second *rig.Egress) error {
	for _, e := range []*rig.Egress{p.Egress, second} {
		n, err := e.Said("no room for an egress", "neededCores=0.3", "CPU: needs 0.30 cores, free are", "type=track")
		o.Want(err == nil && n > 0, "a full node's log does not say what was needed and free: %v", err)
	}
	out, err := exec.CommandContext(ctx, p.Binary, "check", "--cluster", "--config", p.Egress.Config).Output()
	var exit *exec.ExitError
	o.Want(errors.As(err, &exit) && exit.ExitCode() == 1, "check --cluster of full nodes ends with %v", err)
	o.Add("check --cluster", "\n```\n%s```", hosts.ReplaceAllString(string(out), "$1 host:"))
	o.Want(strings.Count(string(out), "warn  NE_") == 2 && strings.Contains(string(out), "FAIL  cluster"), "there are not two full nodes: %s", out)
	for _, m := range recordings.FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.Atoi(m[1])
		o.Want(err == nil && n <= burstRoom && n >= burstRoom-1, "a node with room for %d records %s", burstRoom, m[1])
	}
	o.Want(strings.Count(string(out), "track (CPU: needs 0.30 cores") == 2, "check --cluster does not say why a track is refused: %s", out)
	return nil
}

// In what check --cluster says: the names of machines, and how much each node records.
var (
	hosts      = regexp.MustCompile(`(?m)^(\S+ +NE_\S+) +\S+:`)
	recordings = regexp.MustCompile(`: (\d+) recording`)
)
