package outputs

import (
	"errors"
	"path"
	"strings"
	"testing"
)

func TestSegmentNames(t *testing.T) {
	room := NameTokens{HasRoom: true, RoomName: "r", Time: nameTime}
	again := room
	again.Retry = 3
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		prefix, playlist, live string
		tokens                 NameTokens
		want                   SegmentNames
	}{
		// What LiveKit Egress' own tests have.
		{"", "playlist", "", room, SegmentNames{"playlist.m3u8", "", "playlist"}},
		{"filename", "conf/", "", room, SegmentNames{"conf/filename.m3u8", "", "filename"}},
		{"conf/", "playlist", "", room, SegmentNames{"conf/playlist.m3u8", "", "playlist"}},
		{"b/filename", "a/playlist", "", room, SegmentNames{"a/playlist.m3u8", "", "b/filename"}},

		{"", "", "", room, SegmentNames{"r-2022-10-04T011306.m3u8", "", "r-2022-10-04T011306"}},
		{"a/", "", "", again, SegmentNames{"a/r-2022-10-04T011306-3.m3u8", "", "r-2022-10-04T011306-3"}},
		{"a/b", "", "", room, SegmentNames{"a/b.m3u8", "", "b"}},
		{"a/b", "a/c.whatever", "d.m3u8", room, SegmentNames{"a/c.m3u8", "a/d.m3u8", "b"}},
		{"/abs/b", "p.m3u8", "", room, SegmentNames{"/abs/p.m3u8", "", "b"}},
		{"/abs/b", "a/p", "a/l", room, SegmentNames{"a/p.m3u8", "a/l.m3u8", "abs/b"}},
		{"../../b", "../p", "", room, SegmentNames{"p.m3u8", "", "b"}},
		{"{room_name}/{time}", "{room_name}/p.{retry}", "l", room, SegmentNames{"r/p.m3u8", "r/l.m3u8", "2022-10-04T011306"}},
		{"v1.2", "v1.2", "", room, SegmentNames{"v1.m3u8", "", "v1.2"}},
		{long, "", "", room, SegmentNames{long[:maxStem] + ".m3u8", "", long[:maxStem]}},
	} {
		got, err := NewSegmentNames(c.prefix, c.playlist, c.live, c.tokens)
		if err != nil || got != c.want {
			t.Errorf("%q, %q, %q: %+v, %v; want %+v", c.prefix, c.playlist, c.live, got, err, c.want)
		}
	}
	for _, bad := range []string{"a\nb", "\xff"} {
		if _, err := NewSegmentNames(bad, "", "", room); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
		if _, err := ImagePrefix(bad, room); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestImagePrefix(t *testing.T) {
	room := NameTokens{HasRoom: true, RoomName: "r", Time: nameTime}
	for requested, want := range map[string]string{
		"": "r-2022-10-04T011306", "a/": "a/r-2022-10-04T011306", "a/b": "a/b", "{room_name}": "r", "../x.jpeg": "x.jpeg",
	} {
		if got, err := ImagePrefix(requested, room); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", requested, got, err, want)
		}
	}
	if got := timeSuffix(nameTime); got != "_20221004011306078" {
		t.Errorf("%q", got)
	}
	if got := indexSuffix(123456); got != "_123456" {
		t.Errorf("%q", got)
	}
}

// FuzzSegmentNames: whatever is asked for, everything stays in the storage folder
// and fits into a file name.
func FuzzSegmentNames(f *testing.F) {
	f.Add("../a/{room_name}", "b/../../c", "/d", "../r")
	f.Add("..", ".", "a/..", "{time}/..")
	f.Fuzz(func(t *testing.T, prefix, playlist, live, room string) {
		names, err := NewSegmentNames(prefix, playlist, live, NameTokens{HasRoom: true, RoomName: room, Time: nameTime})
		if err != nil {
			return
		}
		for _, name := range []string{names.Playlist, names.Live, names.file(names.Prefix + "_00000.ts")} {
			for _, part := range strings.Split(name, "/") {
				if part == ".." || len(part) > maxComponent {
					t.Errorf("%q", name)
				}
			}
		}
		if path.IsAbs(names.Prefix) || !strings.HasSuffix(names.Playlist, ".m3u8") || path.Base(names.Prefix) == "." {
			t.Errorf("%+v", names)
		}
	})
}
