package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// nobodyScript runs the recorder as nobody, who has the lab's folder then.
const nobodyScript = `#!/bin/sh
[ "$(id -u)" = 0 ] || exec '%[2]s' "$@"
chown -R 65534:65534 '%[1]s'
HOME='%[1]s' exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs '%[2]s' "$@"
`

// sandboxed records a page with Chromium's sandbox.
func sandboxed() accept.Case {
	return accept.Case{
		ID: "sandbox", Title: "enable_chrome_sandbox: a page is recorded by a user other than root, its renderer in a namespace and behind seccomp",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := lab.New(ctx, lab.Options{Name: "sandbox", Wrap: asNobody, Rig: rig.Options{Config: map[string]any{
				"browser_pool": 0, "enable_chrome_sandbox": true,
			}}})
			if err != nil {
				return err
			}
			defer func() { _ = l.Close() }()
			pages, err := lab.ServePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			r, err := l.Start(ctx, func() (*livekit.EgressInfo, error) {
				return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
					Url: pages.URL + "/", FileOutputs: []*livekit.EncodedFileOutput{{Filepath: filepath.Join(l.Media, "page")}},
				})
			})
			if err != nil {
				return err
			}
			if err := lab.Pause(ctx, 5*time.Second); err != nil {
				return err
			}
			if err := judgeRenderers(o, l.Egress.PID); err != nil {
				return err
			}
			info, _, err := r.Stop(ctx)
			if err != nil {
				return err
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE, "%v: %s", info.Status, info.Error)
			report, err := meter.Measure(ctx, info.FileResults[0].Location, meter.Options{IDs: []int{0}})
			if err != nil {
				return err
			}
			faults := report.Check(meter.Limits{OffsetP95: 60, BarError: 4, AllowRepeats: true, AllowGaps: true})
			o.Want(len(faults) == 0, "the card: %q", faults)
			return nil
		},
	}
}

func asNobody(binary, dir string) (string, error) {
	script := filepath.Join(dir, "as-nobody")
	return script, os.WriteFile(script, fmt.Appendf(nil, nobodyScript, dir, binary), 0o755)
}

// judgeRenderers looks at the processes that show pages.
func judgeRenderers(o *accept.Outcome, recorder int) error {
	children, err := rig.Descendants(recorder)
	if err != nil {
		return err
	}
	ours, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", recorder))
	if err != nil {
		return err
	}
	renderers := 0
	for _, c := range children {
		args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", c.PID))
		if err != nil {
			continue // it has just ended
		}
		o.Want(!strings.Contains(string(args), "--no-sandbox"), "%s", args)
		if !strings.Contains(string(args), "--type=renderer") {
			continue
		}
		renderers++
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID))
		if err != nil {
			return err
		}
		space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", c.PID))
		if err != nil {
			return err
		}
		o.Want(strings.Contains(string(status), "Seccomp:\t2"), "renderer %d has no seccomp filter", c.PID)
		o.Want(space != ours, "renderer %d is in the recorder's own user namespace", c.PID)
		o.Want(!strings.Contains(string(status), "Uid:\t0"), "renderer %d is root", c.PID)
	}
	o.Add("renderers in the sandbox", "%d", renderers)
	if renderers == 0 {
		return errors.New("there is no renderer")
	}
	return nil
}
