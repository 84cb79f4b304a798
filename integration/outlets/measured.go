package outlets

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

// barError is how far colours may be off, in steps of 8 bits.
const barError = 4.0

// measure holds what a player gets against what was shown and played: every flash and beep, colours, A/V.
func (r order) measure(ctx context.Context, o *accept.Outcome, name, path string, offset float64) error {
	report, err := meter.Measure(ctx, path, meter.Options{IDs: r.ids(), NoPicture: r.audioOnly})
	if err != nil {
		return err
	}
	o.Add(name, "\n```\n%s```", report)
	for _, fault := range report.Check(meter.Limits{OffsetP95: offset, BarError: barError, AllowRepeats: true, AllowGaps: true}) {
		o.Want(false, "%s: %s", name, fault)
	}
	if !r.audioOnly {
		o.Want(report.UnevenSteps == 0, "%s: %d uneven steps", name, report.UnevenSteps)
	}
	return nil
}

// made are the names of the files in a directory, in order, without the manifest's.
func made(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// judgeImages wants a JPEG for each second, in the right colours from the one numbered first on.
func judgeImages(ctx context.Context, o *accept.Outcome, told *livekit.ImagesInfo, lasts float64, first int) error {
	dir := filepath.Dir(told.FilenamePrefix)
	images, err := made(dir)
	if err != nil {
		return err
	}
	for n, name := range images {
		o.Want(name == fmt.Sprintf("i_%05d.jpeg", n), "image %d is called %s", n, name)
	}
	want := int(math.Ceil(lasts - 0.02)) // one at each whole second that the recording reaches
	o.Want(len(images) == want && int64(len(images)) == told.ImageCount, "%d images in %.3f s, %d told", len(images), lasts, told.ImageCount)
	// As a film of the programme's colours, so that the meter can read it.
	film := filepath.Join(dir, "..", "images.mkv")
	if err := ffmpeg(ctx, "-framerate", "1", "-start_number", strconv.Itoa(first), "-i", filepath.Join(dir, "i_%05d.jpeg"),
		"-vf", "scale=in_color_matrix=bt601:in_range=pc:out_color_matrix=bt709:out_range=tv,format=yuv420p",
		"-colorspace", "bt709", "-color_range", "tv", "-c:v", "ffv1", film); err != nil {
		return err
	}
	report, err := meter.Measure(ctx, film, meter.Options{NoSound: true, Head: 0.001, Tail: 0.001})
	if err != nil {
		return err
	}
	o.Want(len(report.Participants) > 0, "no card is on the images")
	for _, p := range report.Participants {
		o.Add(fmt.Sprintf("images, p%d: worst colour bar", p.ID), "%d, off by %.1f", p.Bars.Bar, p.Bars.Max)
		o.Want(p.Bars.Max <= barError, "images, p%d: colour bar %d is off by %.1f", p.ID, p.Bars.Bar, p.Bars.Max)
	}
	return nil
}
