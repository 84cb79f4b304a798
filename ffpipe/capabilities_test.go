package ffpipe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	c, err := Probe(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Version == "" || len(c.Missing()) != 0 {
		t.Errorf("version %q, missing %q", c.Version, c.Missing())
	}
	if c.Has("encoder", "no_such") || !c.Has("demuxer", "mp4") {
		t.Error("Has is wrong")
	}
	bare := Capabilities{has: map[string]bool{}}
	for _, r := range requirements {
		bare.has[r.String()] = r.Name != "libx264" && r.Name != "srt"
	}
	if got := fmt.Sprint(bare.Missing()); got != "[encoder libx264 protocol srt]" {
		t.Errorf("missing %s", got)
	}
}

func TestProbeFails(t *testing.T) {
	for _, path := range []string{"/nonexistent/ffmpeg", "no-such-ffmpeg"} {
		if _, err := Probe(context.Background(), path); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Probe(context.Background(), "/bin/echo"); err == nil || !strings.Contains(err.Error(), "is no ffmpeg") {
		t.Errorf("echo: %v", err)
	}
	if _, err := Probe(context.Background(), "/bin/false"); ErrorOf(err) == nil {
		t.Errorf("false: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Probe(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
