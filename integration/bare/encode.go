package bare

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ffegress/ffegress/ffpipe"
)

// Encode encodes a recording's own decoded frames and samples with the recorder's encoder and
// nothing else around it, and returns the CPU time of that encoder.
func Encode(ctx context.Context, o ffpipe.EncoderOptions, recording string) (time.Duration, error) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		return 0, err
	}
	enc, err := ffpipe.StartEncoder(ffmpeg, o, nil)
	if err != nil {
		return 0, err
	}
	g, ctx := errgroup.WithContext(ctx)
	decode := func(to io.WriteCloser, args ...string) {
		g.Go(func() error {
			defer to.Close()
			cmd := exec.CommandContext(ctx, ffmpeg, append([]string{"-v", "error", "-i", recording}, args...)...)
			cmd.Stdout = to
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("decode for the bare encoder: %w", err)
			}
			return nil
		})
	}
	decode(enc.Video(), "-map", "0:v", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1")
	decode(enc.Audio(), "-map", "0:a", "-f", "s16le", "-ar", "48000", "-ac", "2", "pipe:1")
	g.Go(func() error {
		_, err := io.Copy(io.Discard, enc.Output())
		return err
	})
	if err := g.Wait(); err != nil {
		_ = enc.Close()
		return 0, err
	}
	<-enc.Proc().Done()
	user, system := enc.Proc().Usage()
	return user + system, enc.Close()
}
