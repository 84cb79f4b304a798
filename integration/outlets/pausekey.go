package outlets

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// pauses are the cases of recordings that are paused.
func pauses() []accept.Case {
	const side, pause = 10 * time.Second, 4 * time.Second
	return []accept.Case{pauseService(true, side, pause), pauseService(false, side, pause), pauseByKey(side, pause)}
}

// pauseByKey records a page from a terminal and presses p twice.
func pauseByKey(side, pause time.Duration) accept.Case {
	return accept.Case{
		ID: "pause-key", Line: 0, Title: "ffegress record web --pause cut, paused and resumed by a key",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			cache, err := rig.CacheDir()
			if err != nil {
				return err
			}
			binary, err := rig.BuildFFegress(ctx, false)
			if err != nil {
				return err
			}
			pages, err := lab.ServePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			terminal, err := rig.NewConsole()
			if err != nil {
				return err
			}
			defer terminal.Close()
			dir := filepath.Join(cache, "outlets", fmt.Sprintf("key-%d", time.Now().UnixNano()))
			target := filepath.Join(dir, "key.mp4")
			cmd := exec.CommandContext(ctx, binary, "record", "web", "--url", pages.Card(500*time.Millisecond, -1), "--await-start-signal",
				"--pause", "cut", "--json", "-o", target, "--config-body", "work_dir: "+filepath.Join(dir, "work"))
			var answer, said strings.Builder
			cmd.Stdout, cmd.Stderr = &answer, &said
			terminal.At(cmd)
			if err := cmd.Start(); err != nil {
				return err
			}
			p := &pausing{path: target, cut: true, participantsSeen: []int{0}}
			began := time.Now()
			err = p.wait(ctx, side, pause, func(bool) error { return terminal.Press("p") })
			if err == nil {
				err = cmd.Process.Signal(syscall.SIGINT)
			}
			if err := cmd.Wait(); err != nil {
				return fmt.Errorf("%w: %s", err, said.String())
			}
			if err != nil {
				return err
			}
			cooked, err := terminal.Cooked()
			o.Want(err == nil && cooked, "the terminal is not as it was: %v", err)
			var info livekit.EgressInfo
			if err := protojson.Unmarshal([]byte(answer.String()), &info); err != nil {
				return fmt.Errorf("--json: %w: %s", err, answer.String())
			}
			o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && strings.Contains(info.Details, "Paused once, "), "%v", &info)
			f := info.FileResults[0]
			p.began, p.lasts = time.Unix(0, f.StartedAt), time.Duration(f.Duration)
			o.Add("command → first picture", "%v", p.began.Sub(began).Round(time.Millisecond))
			return p.judge(ctx, o)
		},
	}
}
