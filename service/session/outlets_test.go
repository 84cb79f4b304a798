package session

import (
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

// withOutlets gives a plan segments and images beside its file, or instead of it.
func withOutlets(dir string, file bool) func(*plan.Plan, *fakeSource) {
	return func(p *plan.Plan, _ *fakeSource) {
		here := plan.Store{Prefix: dir}
		p.Stores = plan.Stores{File: here, Segments: here, Images: []plan.Store{here, here}}
		p.Encoder.SegmentSeconds = 1
		p.Segments = &plan.Segments{Names: outputs.SegmentNames{Playlist: "s/list.m3u8", Prefix: "s"}, FMP4: true, Seconds: 1}
		p.Images = []plan.Images{{Prefix: "i/image", Interval: 1, Width: 32, Height: 32}, {Prefix: "i/last", Suffix: outputs.ImageOverwrite, Interval: 1}}
		p.Info.SegmentResults = []*livekit.SegmentsInfo{{PlaylistName: "s/list.m3u8"}}
		p.Info.ImageResults = []*livekit.ImagesInfo{{FilenamePrefix: "i/image"}, {FilenamePrefix: "i/last"}}
		if !file {
			p.File, p.Info.FileResults = plan.File{}, nil
		}
	}
}

func isJPEG(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := jpeg.Decode(f); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

// TestSeveralOutlets: each output has its own result, and all tell of the same media.
func TestSeveralOutlets(t *testing.T) {
	dir := t.TempDir()
	r := startTest(t, t.Context(), withOutlets(dir, true))
	r.recorded(t)
	for live := (*livekit.EgressInfo)(nil); live.GetSegmentResults() == nil || live.SegmentResults[0].SegmentCount < 2; {
		var err error
		if live, err = r.Info(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stEnding, stComplete)
	file, segments := final.FileResults[0], final.SegmentResults[0]
	if d := time.Duration(segments.Duration - file.Duration); d.Abs() > 40*time.Millisecond || segments.StartedAt != file.StartedAt ||
		segments.EndedAt != segments.StartedAt+segments.Duration || segments.Size == 0 || segments.SegmentCount < 2 ||
		segments.PlaylistLocation != filepath.Join(dir, "s/list.m3u8") {
		t.Errorf("%v beside %v", segments, file)
	}
	for n, i := range final.ImageResults {
		if i.ImageCount < 2 || i.StartedAt != file.StartedAt || i.EndedAt <= i.StartedAt {
			t.Errorf("images %d: %v", n, i)
		}
	}
	isJPEG(t, filepath.Join(dir, "i/image_00001.jpeg"))
	isJPEG(t, filepath.Join(dir, "i/last.jpeg"))
}

// TestImagesAlone: nothing is encoded.
func TestImagesAlone(t *testing.T) {
	dir := t.TempDir()
	r := startTest(t, t.Context(), func(p *plan.Plan, f *fakeSource) {
		withOutlets(dir, false)(p, f)
		p.Segments, p.Info.SegmentResults, p.Format.Audio = nil, nil, false
	})
	r.recorded(t)
	if p := (*r.meter.recorder.Load()).(*pipeline); p.encoding != nil {
		t.Error("there is an encoder")
	}
	r.source.events <- Event{Kind: EventEnded}
	final := r.wait(t)
	r.expect(t, final, false, stActive, stEnding, stComplete)
	if final.ImageResults[0].ImageCount == 0 {
		t.Errorf("%v", final.ImageResults)
	}
	isJPEG(t, filepath.Join(dir, "i/image_00000.jpeg"))
}

// TestOneOutletFails: the egress fails with its error, and the others deliver.
func TestOneOutletFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s"), nil, 0o600); err != nil { // where the folder should be
		t.Fatal(err)
	}
	work := ""
	r := startTest(t, t.Context(), func(p *plan.Plan, f *fakeSource) {
		withOutlets(dir, true)(p, f)
		work = p.WorkDir
	})
	final := r.wait(t)
	if err := os.RemoveAll(work); err != nil { // kept for another try
		t.Fatal(err)
	}
	r.expect(t, final, true, stActive, stFailed)
	if !strings.Contains(final.Error, "Local upload failed: segments of list.m3u8") || final.ErrorCode != 500 {
		t.Errorf("error %q (%d)", final.Error, final.ErrorCode)
	}
	if final.ImageResults[0].ImageCount == 0 || final.SegmentResults[0].SegmentCount != 0 {
		t.Errorf("%v", final)
	}
}

// TestSizeLimit ends the egress when the file is as large as it may be.
func TestSizeLimit(t *testing.T) {
	r := startTest(t, t.Context(), func(p *plan.Plan, _ *fakeSource) { p.MaxSize = 2000 })
	final := r.wait(t)
	r.expect(t, final, true, stActive, stLimit)
	if final.Error != "Session limit reached" || final.ErrorCode != 413 {
		t.Errorf("error %q (%d)", final.Error, final.ErrorCode)
	}
}
