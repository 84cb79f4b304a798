package node

import (
	"context"
	"strings"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/rig"
)

// checkBroken runs `ffegress check` where all is well, and then in each broken set-up.
func checkBroken(patience time.Duration) accept.Case {
	return accept.Case{
		ID: "check-broken", Line: 7, Title: "broken set-ups, told by ffegress check with cause and remedy",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "broken", Rig: rig.Options{ServersOnly: true, Redis: rig.StartRedisTLS}})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			w, err := newWreckage(ctx, l)
			if err != nil {
				return err
			}
			defer w.close()
			setUps, err := w.setUps()
			if err != nil {
				return err
			}
			said, err := l.Check(ctx, lab.Mistake{}, patience)
			o.Want(err == nil && !strings.Contains(said, "FAIL"), "a set-up that is well: %v\n%s", err, said)
			for _, m := range setUps {
				said, err := l.Check(ctx, m, patience)
				line := m.Judge(o, said, err)
				o.Add(m.Name, "`%s`", strings.Join(strings.Fields(strings.ReplaceAll(line, w.Dir, "…")), " "))
				for _, secret := range w.secrets() {
					o.Want(!strings.Contains(said, secret), "%s: a secret is shown: %s", m.Name, said)
				}
			}
			return nil
		},
	}
}
