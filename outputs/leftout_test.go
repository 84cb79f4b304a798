package outputs

import (
	"strings"
	"testing"
	"time"
)

// TestSegmentsOfCutMedia: where time was cut out, the next segment is dated by the wall clock and said to jump.
func TestSegmentsOfCutMedia(t *testing.T) {
	dir := t.TempDir()
	hub := avHub()
	s := &Segments{
		Hub: hub, Deliver: LocalDeliver{Prefix: dir}, FMP4: true, Work: dir + "/work",
		Names: SegmentNames{Playlist: "list.m3u8", Prefix: "s"}, Seconds: 1, GOP: 10, // the test media has a keyframe each 10 frames
		LeftOut: func(at time.Duration) (time.Duration, int) {
			if at < 1500*time.Millisecond {
				return 0, 0
			}
			return time.Minute, 1
		},
	}
	zero := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Begin(zero)
	for range 4 {
		run(t, hub, hub.End(), testdata(t, "av44.mp4")) // a second each
	}
	hub.Close(nil)
	if made, err := s.Finish(t.Context()); err != nil || made.Duration != 4*time.Second {
		t.Fatalf("%+v, %v", made, err)
	}
	text, all := readPlaylist(t, dir+"/list.m3u8")
	if len(all) != 4 {
		t.Fatalf("%s", text)
	}
	for n, p := range all {
		want := zero.Add(time.Duration(n) * time.Second)
		if n >= 2 {
			want = want.Add(time.Minute)
		}
		if !p.at.Equal(want) {
			t.Errorf("segment %d is dated %v, want %v", n, p.at, want)
		}
	}
	if parts := strings.Split(text, "#EXT-X-DISCONTINUITY\n"); len(parts) != 2 || strings.Count(parts[0], "#EXTINF") != 2 {
		t.Errorf("%s", text)
	}
}
