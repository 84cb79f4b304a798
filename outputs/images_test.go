package outputs

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

func newImages(t *testing.T, suffix ImageSuffix) (*Images, *playback, string) {
	t.Helper()
	f := programme.Format{Width: 64, Height: 36, FPS: 10, Video: true}
	p := &playback{format: f, pool: programme.NewFramePool(f.FrameBytes())}
	dir := t.TempDir()
	return &Images{
		Programme: p, Deliver: LocalDeliver{Prefix: dir}, Work: filepath.Join(dir, "work"), Prefix: "out/i",
		Suffix: suffix, Interval: 2, Width: 32, Height: 32,
	}, p, filepath.Join(dir, "out")
}

// show plays frames no faster than they are taken.
func (p *playback) show(t *testing.T, i *Images, frames int64) {
	t.Helper()
	for n := range frames {
		f := p.pool.Get()
		p.format.Black(f.Pix)
		for _, c := range p.consumers {
			c.VideoFrame(n, f, false)
		}
		f.Release()
		taken := n/int64(2*p.format.FPS) + 1
		waitFor(t, "the picture", func() bool { return failedByItself(i) || i.Progress().Count == taken })
	}
}

func TestImages(t *testing.T) {
	zero := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.Local)
	for _, c := range []struct {
		suffix ImageSuffix
		want   []string
	}{
		{ImageIndex, []string{"i_00000.jpeg", "i_00001.jpeg", "i_00002.jpeg"}},
		{ImageTimestamp, []string{"i_20260102030405006.jpeg", "i_20260102030407006.jpeg", "i_20260102030409006.jpeg"}},
		{ImageOverwrite, []string{"i.jpeg"}},
	} {
		i, p, dir := newImages(t, c.suffix)
		st := &store{LocalDeliver: i.Deliver.(LocalDeliver)}
		i.Deliver = st
		if err := i.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		i.Begin(zero)
		p.show(t, i, 45)
		p.consumers[0].End(45, 0)
		made, err := finish(t, i, t.Context())
		if err != nil || made.Count != 3 || made.Duration != 4500*time.Millisecond || made.Note != "" {
			t.Errorf("%+v, %v", made, err)
		}
		if got := st.types[".jpeg"]; got != "image/jpeg" {
			t.Errorf("the type is %q", got)
		}
		if got := slices.Sorted(maps.Keys(files(t, dir))); !slices.Equal(got, c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
		if size := string(tool(t, "ffprobe", "-show_entries", "stream=codec_name,width,height,pix_fmt", "-of", "csv=p=0", filepath.Join(dir, c.want[0]))); !strings.HasPrefix(size, "mjpeg,32,32,yuvj420p") {
			t.Errorf("%s", size)
		}
		if n := p.pool.InUse(); n != 0 {
			t.Errorf("%d frames are kept", n)
		}
	}
}

// TestImagesRefused: the first picture that can not be delivered is the end, and
// no frame is kept.
func TestImagesRefused(t *testing.T) {
	i, p, _ := newImages(t, ImageIndex)
	i.Deliver = &store{LocalDeliver: i.Deliver.(LocalDeliver), fail: map[string]error{"i_00001.jpeg": syscall.EACCES}}
	begin(t, i)
	p.show(t, i, 45)
	<-i.Done()
	made, err := finish(t, i, t.Context())
	if !errors.Is(err, syscall.EACCES) || made.Count != 1 {
		t.Errorf("%+v, %v", made, err)
	}
	if n := p.pool.InUse(); n != 0 {
		t.Errorf("%d frames are kept", n)
	}
}

// TestImagesNeverBegun: frames without a beginning leave nothing and hold nobody up.
func TestImagesNeverBegun(t *testing.T) {
	i, p, dir := newImages(t, ImageIndex)
	if err := i.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := p.pool.Get()
	p.consumers[0].VideoFrame(0, f, false)
	f.Release()
	if made, err := finish(t, i, t.Context()); !errors.Is(err, ErrNothing) || made.Count != 0 {
		t.Errorf("%+v, %v", made, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || p.pool.InUse() != 0 {
		t.Errorf("%v, %d frames are kept", err, p.pool.InUse())
	}
}
