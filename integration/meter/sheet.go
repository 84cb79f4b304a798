package meter

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Sheet writes a PNG with columns × rows pictures of the file, evenly spread
// over seconds of it, each width pixels wide.
func Sheet(ctx context.Context, path, png string, seconds float64, columns, rows, width int) error {
	filter := fmt.Sprintf("fps=%d/%.3f:round=near,scale=%d:-2,tile=%dx%d:padding=4", columns*rows, seconds, width, columns, rows)
	cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-nostdin", "-v", "error", "-y", "-i", path, "-vf", filter, "-frames:v", "1", png)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("contact sheet of %s: %w: %s", path, err, strings.TrimSpace(string(text)))
	}
	return nil
}
