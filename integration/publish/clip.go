package publish

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/ffegress/ffegress/integration/card"
)

// muxerShift is by how many samples ffmpeg's WebM muxer puts the picture later
// than the sound when the sound is Opus (its encoder delay, in whole ms).
const muxerShift = 7 * card.SampleRate / 1000

// Clip makes (or finds in the cache) a WebM file of the card, VP8 and Opus,
// seconds long, its picture counting on through every loop. It gives the
// file's path.
func (c Cache) Clip(ctx context.Context, what Card, seconds int) (string, error) {
	m, err := c.Load(ctx, what)
	if err != nil {
		return "", err
	}
	dir, err := c.dir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, fmt.Sprintf("clip%d-id%d-phase%d-%s-%ds.webm", materialVersion, what.ID, what.Phase, what.Size, seconds))
	err = c.ensure(ctx, path, func(ctx context.Context, out string) error {
		return c.encodeClip(ctx, what, m, seconds, out)
	})
	if err != nil {
		return "", fmt.Errorf("make clip: %w", err)
	}
	return path, nil
}

func (c Cache) encodeClip(ctx context.Context, what Card, m *Material, seconds int, out string) error {
	ivf, err := os.Create(out + ".ivf")
	if err != nil {
		return err
	}
	defer os.Remove(ivf.Name())
	defer ivf.Close()
	if err := WriteIVF(ivf, what.Size, seconds*card.FPS, func(n int) []byte { return m.Frames[n%card.Loop] }); err != nil {
		return err
	}
	tag := matrix.String()
	args := []string{
		"-i", ivf.Name(),
		"-f", "s16le", "-ar", strconv.Itoa(card.SampleRate), "-ac", "1", "-i", "pipe:0",
		"-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "libopus", "-b:a", "96k",
		"-color_range", "tv", "-colorspace", tag, "-color_primaries", tag, "-color_trc", tag,
		"-cluster_time_limit", "1000", "-f", "webm", out,
	}
	return c.run(ctx, args, func(w io.Writer) error { return WritePCM(w, what, -muxerShift, seconds*card.SampleRate) })
}
