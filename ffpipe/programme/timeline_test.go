package programme

import (
	"testing"
	"time"
)

func TestTimeline(t *testing.T) {
	tests := []struct {
		fps                   int
		d                     time.Duration
		frame, sample, origin int64 // origin: the frame's first sample
	}{
		{30, 0, 0, 0, 0},
		{30, 33333333, 0, 1599, 0},
		{30, 33333334, 1, 1600, 1600},
		{30, time.Second, 30, 48000, 48000},
		{30, -1, -1, -1, -1600},
		{24, 100 * time.Hour, 24 * 360000, 48000 * 360000, 48000 * 360000},
		{60, 20 * 365 * 24 * time.Hour, 60 * 630720000, 48000 * 630720000, 48000 * 630720000},
		{7, time.Second / 2, 3, 24000, 20571},
	}
	for _, tt := range tests {
		l := Timeline{tt.fps}
		if got := l.FrameAt(tt.d); got != tt.frame {
			t.Errorf("%d fps: FrameAt(%v) = %d, want %d", tt.fps, tt.d, got, tt.frame)
		}
		if got := l.SampleAt(tt.d); got != tt.sample {
			t.Errorf("SampleAt(%v) = %d, want %d", tt.d, got, tt.sample)
		}
		if got := l.FrameSample(tt.frame); got != tt.origin {
			t.Errorf("%d fps: FrameSample(%d) = %d, want %d", tt.fps, tt.frame, got, tt.origin)
		}
	}
}

func FuzzTimeline(f *testing.F) {
	f.Add(int64(1), uint8(30))
	f.Add(int64(-1), uint8(7))
	f.Add(int64(1)<<40, uint8(60))
	f.Fuzz(func(t *testing.T, n int64, fps uint8) {
		n %= 1 << 32
		l := Timeline{int(fps)}
		if got := l.SampleAt(l.SampleTime(n)); got != n {
			t.Fatalf("SampleAt(SampleTime(%d)) = %d", n, got)
		}
		if got := l.SampleAt(l.SampleTime(n) - 1); got != n-1 {
			t.Fatalf("SampleAt(SampleTime(%d)-1) = %d", n, got)
		}
		if fps == 0 {
			if l.FrameAt(time.Duration(n)) != 0 || l.FrameTime(n) != 0 || l.FrameSample(n) != 0 {
				t.Fatal("a timeline without video has frames")
			}
			return
		}
		if got := l.FrameAt(l.FrameTime(n)); got != n {
			t.Fatalf("%d fps: FrameAt(FrameTime(%d)) = %d", fps, n, got)
		}
		if got := l.FrameAt(l.FrameTime(n) - 1); got != n-1 {
			t.Fatalf("%d fps: FrameAt(FrameTime(%d)-1) = %d", fps, n, got)
		}
		if off := l.SampleAt(l.FrameTime(n)) - l.FrameSample(n); off < 0 || off > 1 {
			t.Fatalf("%d fps: frame %d starts %d samples away from its time", fps, n, off)
		}
	})
}
