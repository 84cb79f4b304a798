package outlets

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// ffmpeg runs it; anything on stderr is a fault.
func ffmpeg(ctx context.Context, args ...string) error {
	_, err := tool(ctx, "ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	return err
}

func ffprobe(ctx context.Context, args ...string) (string, error) {
	return tool(ctx, "ffprobe", append([]string{"-v", "error"}, args...)...)
}

func tool(ctx context.Context, name string, args ...string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		return "", fmt.Errorf("%s: %v: %.300s", name, err, errs.String())
	}
	return out.String(), nil
}
