package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// atOnce is how many egresses are started at the same moment where many are. They are stopped one by one, with a pause
// after each: livekit-server leaves out packets of others when a participant leaves, and more when many do.
const (
	atOnce = 10
	pause  = 150 * time.Millisecond
)

// together are people who speak, and egresses that record them all at the same time.
type together struct {
	people, inRoom      int // at most so many of them in a room
	egresses, processes int
	settle, length      time.Duration // settle is not measured
	ask                 func(ctx context.Context, p *post, speakers []speaker, i int) (*livekit.EgressInfo, error)
	judge               func(ctx context.Context, o *accept.Outcome, p *post, speakers []speaker, done []ended) error
}

// run records, measures what that takes, and has the files judged.
func (t together) run(ctx context.Context, o *accept.Outcome) error {
	p, err := newPost(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = p.close() }()
	speakers, leave, err := p.crowd(ctx, t.people, t.inRoom)
	if err != nil {
		return err
	}
	defer leave()
	idle, _, err := p.burden(ctx, o, "idle", 4*time.Second)
	if err != nil {
		return err
	}
	began := time.Now()
	running, err := p.startAll(ctx, t.egresses, func(ctx context.Context, i int) (*livekit.EgressInfo, error) {
		return t.ask(ctx, p, speakers, i)
	})
	if err != nil {
		return err
	}
	o.Add("all record after", "%.1f s, %d starts at a time", time.Since(began).Seconds(), atOnce)
	if err := lab.Pause(ctx, t.settle); err != nil {
		return err
	}
	busy, processes, err := p.burden(ctx, o, "recording", t.length)
	if err != nil {
		return err
	}
	o.Want(processes == t.processes, "%d processes for %d recordings, not %d", processes, t.egresses, t.processes)
	each(o, idle, busy, t.egresses)
	done, err := stopAll(ctx, running)
	if err != nil {
		return err
	}
	judgeWall(o, done)
	return t.judge(ctx, o, p, speakers, done)
}

// startAll starts n egresses.
func (p *post) startAll(ctx context.Context, n int, ask func(ctx context.Context, i int) (*livekit.EgressInfo, error)) ([]*lab.Recording, error) {
	all := make([]*lab.Recording, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range all {
		g.Go(func() (err error) {
			all[i], err = p.Start(ctx, func() (*livekit.EgressInfo, error) { return ask(ctx, i) })
			return err
		})
	}
	return all, g.Wait()
}

// ended is a recording that was stopped.
type ended struct {
	info *livekit.EgressInfo
	wall time.Duration // from its first sound until it was told to stop
}

// stopAll stops egresses that make one file each, all of which must be complete.
func stopAll(ctx context.Context, all []*lab.Recording) ([]ended, error) {
	var done []ended
	for _, r := range all {
		info, lost, err := whole(ctx, r)
		if err != nil {
			return nil, err
		}
		done = append(done, ended{info, time.Duration(info.FileResults[0].Duration) + lost})
		if err := lab.Pause(ctx, pause); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// judgeWall tells how long the files are beside the wall clock.
func judgeWall(o *accept.Outcome, done []ended) {
	var off []time.Duration
	for _, d := range done {
		f := d.info.FileResults[0]
		off = append(off, time.Duration(f.Duration)-d.wall)
		o.Want(off[len(off)-1].Abs() < slack, "%s lasts %v, wall clock %v", f.Filename, time.Duration(f.Duration), d.wall)
	}
	o.Add("files beside the wall clock", "%+d to %+d ms, of %d", slices.Min(off).Milliseconds(), slices.Max(off).Milliseconds(), len(off))
}

// burden measures the node while it records, and its processes.
func (p *post) burden(ctx context.Context, o *accept.Outcome, what string, length time.Duration) (rig.Usage, int, error) {
	watching, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	used, err := rig.Watch(watching, p.Egress.PID, time.Second)
	if err = errors.Join(err, ctx.Err()); err != nil {
		return used, 0, err
	}
	procs, err := rig.Descendants(p.Egress.PID)
	if err != nil {
		return used, 0, err
	}
	count := map[string]int{}
	for _, proc := range procs {
		count[proc.Role]++
	}
	for _, role := range slices.Sorted(maps.Keys(used.Roles)) {
		u := used.Roles[role]
		o.Add(what+", "+role, "%.3f cores, peak PSS %.1f MB, %d processes", u.CPU/used.Wall.Seconds(), float64(u.PeakPSS)/1e6, count[role])
	}
	return used, len(procs), nil
}

// sum is what all roles took together: cores, and bytes of PSS.
func sum(u rig.Usage) (cores float64, pss int64) {
	for _, r := range u.Roles {
		cores += r.CPU / u.Wall.Seconds()
		pss += r.PeakPSS
	}
	return cores, pss
}

// each says what one of n took beyond the idle node.
func each(o *accept.Outcome, idle, busy rig.Usage, n int) {
	c0, m0 := sum(idle)
	c1, m1 := sum(busy)
	o.Add("each beyond the idle node", "%.4f cores, %.2f MB", (c1-c0)/float64(n), float64(m1-m0)/1e6/float64(n))
}

// lossless is a title's end, for how many and how long.
func lossless(n int, length time.Duration) string {
	return fmt.Sprintf("%d at once, %v: CPU, PSS, processes, no loss", n, length)
}
