package spine

import (
	"context"
	"fmt"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// The bars of issue A2, line 1: request accepted → first frame.
const (
	pooledP50 = 600 * time.Millisecond
	pooledP95 = time.Second
)

// poolStart starts egresses one by one, each with a browser that waited, and as many as cold launched
// at once. Only with a cold figure beside them they are judged: without, the machine has other work.
func poolStart(runs, cold int) accept.Case {
	return accept.Case{
		ID: "pool-start", Line: 1,
		Title: fmt.Sprintf("%d starts from the warm pool, %d cold starts beside them, 3 publishers", runs, cold),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			warm, err := warmStarts(ctx, o, runs, cold > 0)
			if err != nil {
				return err
			}
			o.Add("accepted → first frame, from the pool", "%s", spread(warm))
			if cold == 0 {
				return nil
			}
			p50, p95 := percentile(warm, 50), percentile(warm, 95)
			o.Want(p50 <= pooledP50, "p50 is %v, %v at most", p50, pooledP50)
			o.Want(p95 <= pooledP95, "p95 is %v, %v at most", p95, pooledP95)
			l, err := newLab(ctx, 0)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			if err := l.cameras(ctx, 3, true); err != nil {
				return err
			}
			var each []time.Duration
			for n := range cold {
				t, err := l.startOnce(ctx, n)
				if err != nil {
					return err
				}
				each = append(each, t.frame)
			}
			o.Add("accepted → first frame, cold", "%s", spread(each))
			return nil
		},
	}
}

func warmStarts(ctx context.Context, o *accept.Outcome, runs int, answer bool) ([]time.Duration, error) {
	l, err := newLabWith(ctx, 0, map[string]any{"browser_pool": 1})
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.close() }()
	if err := l.cameras(ctx, 3, answer); err != nil {
		return nil, err
	}
	var all []time.Duration
	for n := range runs {
		if err := l.browserWaits(ctx, n+1); err != nil {
			return nil, err
		}
		if n == 0 {
			pss, err := l.idlePSS()
			if err != nil {
				return nil, err
			}
			o.Add("PSS of a browser that waits", "%s", pss)
		}
		t, err := l.startOnce(ctx, n)
		if err != nil {
			o.Want(false, "start %d: %v", n, err)
			continue
		}
		all = append(all, t.frame)
	}
	pooled, err := l.Egress.Said(`msg="browser is up"`, "pooled=true")
	o.Want(pooled == runs, "%d of %d browsers came from the pool", pooled, runs)
	return all, err
}

// browserWaits waits until so many browsers were made for the pool.
func (l *lab) browserWaits(ctx context.Context, made int) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	for {
		n, err := l.Egress.Said(`msg="a browser waits in the pool"`)
		if err != nil || n >= made {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("%d browsers were made for the pool, not %d: %w", n, made, err)
		}
	}
}

// idlePSS is the memory of the recorder's children by role.
func (l *lab) idlePSS() (string, error) {
	procs, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return "", err
	}
	roles, sum := map[string]int64{}, int64(0)
	for _, p := range procs {
		if p.PID != l.Egress.PID {
			roles[p.Role] += p.PSS
			sum += p.PSS
		}
	}
	return fmt.Sprintf("%.0f MB: chromium %.0f, xvfb %.0f, pulseaudio %.0f", float64(sum)/1e6,
		float64(roles["chromium"])/1e6, float64(roles["xvfb"])/1e6, float64(roles["pulseaudio"])/1e6), nil
}
