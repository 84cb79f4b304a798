package spine

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/rig"
)

// command records a room from the command line, with no Redis in play, and ends it with Ctrl-C.
func command(length time.Duration) accept.Case {
	return accept.Case{
		ID: "record-command", Line: 2, Title: "ffegress record room, ended by SIGINT",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 1)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			target := filepath.Join(l.media, "command.mp4")
			cmd := exec.CommandContext(ctx, l.binary, "record", "room", "--room", l.room, "--json", "-o", target,
				"--config-body", "work_dir: "+filepath.Join(l.Dir, "command"))
			cmd.Env = append(os.Environ(), "LIVEKIT_API_KEY="+rig.APIKey, "LIVEKIT_API_SECRET="+rig.APISecret, "LIVEKIT_WS_URL="+l.LiveKit.WS())
			var said, answer strings.Builder
			cmd.Stdout, cmd.Stderr = &answer, &said
			if err := cmd.Start(); err != nil {
				return err
			}
			if err := pause(ctx, length); err != nil {
				return err
			}
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				return err
			}
			if err := cmd.Wait(); err != nil {
				return fmt.Errorf("%w: %s", err, said.String())
			}
			var info struct {
				Status  string `json:"status"`
				Results []struct {
					Location string `json:"location"`
				} `json:"file_results"`
			}
			if err := json.Unmarshal([]byte(answer.String()), &info); err != nil {
				return fmt.Errorf("--json: %w: %s", err, answer.String())
			}
			o.Want(info.Status == "EGRESS_COMPLETE" && len(info.Results) == 1 && info.Results[0].Location == target, "says %s", answer.String())
			o.Want(!strings.Contains(said.String()+answer.String(), rig.APISecret), "the API secret is shown")
			media, err := playable(ctx, target)
			o.Add("recorded", "%.1f s of %.1f s since the command", media.Seconds(), length.Seconds())
			o.Want(media > length/2, "the file plays for %v only", media)
			return err
		},
	}
}
