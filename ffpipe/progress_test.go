package ffpipe

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const progressText = `frame=0
fps=0.00
stream_0_0_q=0.0
bitrate=N/A
total_size=N/A
out_time_us=N/A
out_time_ms=-577014
out_time=-00:00:00.577014
dup_frames=0
drop_frames=0
speed=N/A
progress=continue
frame=75
fps=29.97
bitrate= 1234.5kbits/s
total_size=262192
out_time_us=2466667
out_time=00:00:02.466667
dup_frames=1
drop_frames=2
speed=1.01x
progress=end
`

func TestReadProgress(t *testing.T) {
	want := []Progress{
		{},
		{Frame: 75, FPS: 29.97, OutTime: 2466667 * time.Microsecond, TotalSize: 262192, Speed: 1.01, Dup: 1, Drop: 2, End: true},
	}
	broken := errors.New("broken")
	tests := []struct {
		name string
		in   io.Reader
		want []Progress
		err  error
	}{
		{"whole", strings.NewReader(progressText), want, nil},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(progressText)), want, nil},
		{"crlf", strings.NewReader(strings.ReplaceAll(progressText, "\n", "\r\n")), want, nil},
		{"no last newline", strings.NewReader(strings.TrimSuffix(progressText, "\n")), want, nil},
		{"empty", strings.NewReader(""), nil, nil},
		{"long line", strings.NewReader("x=" + strings.Repeat("y", 3*maxProgressLine) + "\n" + progressText), want, nil},
		{"unread block", strings.NewReader("frame=5\n"), nil, nil},
		{"nonsense", strings.NewReader("frame=-5\nfps=NaN\nspeed=-1x\ntotal_size=99999999999999999999\nout_time_us=9223372036854775807\nprogress=continue\n"), []Progress{{}}, nil},
		{"error", io.MultiReader(strings.NewReader(progressText), iotest.ErrReader(broken)), want, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []Progress
			err := ReadProgress(tt.in, func(p Progress) { got = append(got, p) })
			if !errors.Is(err, tt.err) || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func FuzzReadProgress(f *testing.F) {
	f.Add(progressText)
	f.Add("progress=end")
	f.Fuzz(func(t *testing.T, text string) {
		blocks := 0
		err := ReadProgress(strings.NewReader(text), func(p Progress) {
			blocks++
			if p.Frame < 0 || p.OutTime < 0 || p.TotalSize < 0 || p.Dup < 0 || p.Drop < 0 || !(p.FPS >= 0) || !(p.Speed >= 0) {
				t.Errorf("%+v", p)
			}
		})
		if err != nil {
			t.Error(err)
		}
		if blocks > strings.Count(text, "progress") {
			t.Errorf("%d blocks", blocks)
		}
	})
}
