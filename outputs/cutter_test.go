package outputs

import (
	"slices"
	"testing"
	"time"
)

// TestCutter: segments begin with keyframes, none is longer than wished, and
// where an encoder died one is shorter.
func TestCutter(t *testing.T) {
	video := func(key bool, from, to int64) *Fragment { return &Fragment{Key: key, VideoStart: from, VideoEnd: to} }
	regular := func(from, gops, gop int64) (all []*Fragment) {
		for n := range gops {
			all = append(all, video(true, from+n*gop, from+n*gop+gop/2), video(false, from+n*gop+gop/2, from+(n+1)*gop))
		}
		return all
	}
	for _, c := range []struct {
		name string
		gop  int
		in   []*Fragment
		want []int64
	}{
		{"one keyframe a segment", 60, regular(0, 4, 60), []int64{0, 60, 120, 180}},
		{"several", 20, regular(0, 9, 20), []int64{0, 60, 120}},
		{"not divided by the keyframes that come", 0, regular(0, 4, 50), []int64{0, 50, 100, 150}},
		{"a new encoder in the middle", 60, slices.Concat(regular(0, 1, 60), []*Fragment{video(true, 60, 75)}, regular(75, 2, 60)), []int64{0, 60, 75, 135}},
		{"a new encoder, several keyframes", 20, slices.Concat(regular(0, 1, 20), []*Fragment{video(true, 20, 25)}, regular(25, 5, 20)), []int64{0, 45, 105}},
		{"begins without a keyframe", 60, append([]*Fragment{video(false, 10, 20)}, regular(20, 1, 60)...), []int64{20}},
		{"sound in a fragment of its own", 60, []*Fragment{video(true, 0, 60), {AudioStart: 0, AudioEnd: 9000}, video(true, 60, 61)}, []int64{0, 60}},
	} {
		cut, got := newCutter(30, true, 2, c.gop), []int64(nil)
		for _, f := range c.in {
			begins := cut.begins(f)
			if begins {
				got = append(got, f.VideoStart)
			}
			cut.take(f, begins)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: cut at %d, want %d", c.name, got, c.want)
		}
	}
}

// TestCutterSound: sound alone is cut before it becomes too long.
func TestCutterSound(t *testing.T) {
	cut, last, longest := newCutter(0, false, 2, 0), int64(0), int64(0)
	for from := int64(0); from < 48000*60; from += 9365 {
		f := &Fragment{Key: true, AudioStart: from, AudioEnd: from + 9365}
		begins := cut.begins(f)
		if begins && from > 0 {
			longest = max(longest, from-last)
			last = from
		}
		cut.take(f, begins)
	}
	if longest > 96000 || longest < 96000-9365 {
		t.Errorf("the longest has %d samples of 96000", longest)
	}
	if d := cut.time(96000); d != 2*time.Second {
		t.Errorf("%s", d)
	}
}
