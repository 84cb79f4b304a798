package outputs

import (
	"strings"
	"testing"
	"time"
)

func TestPlaylist(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600))
	event := &playlist{target: 4}
	live := &playlist{target: 4, live: true, init: "a b_init.mp4"}
	for n := range 7 {
		s := listed{
			name: "s" + indexSuffix(int64(n)) + ".ts", at: at.Add(time.Duration(n) * 4 * time.Second),
			duration: 4 * time.Second, jump: n == 1 || n == 4,
		}
		if n == 6 {
			s.duration, s.name = 1234567*time.Microsecond, "50%/a:b#c?.ts"
		}
		event.add(s)
		live.add(s)
	}
	item := func(second, duration, name string) string {
		return "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T02:04:" + second + ".006Z\n#EXTINF:" + duration + ",\n" + name + "\n"
	}
	const jump = "#EXT-X-DISCONTINUITY\n"
	all := item("05", "4.000", "s_00000.ts") + jump + item("09", "4.000", "s_00001.ts")
	last := item("13", "4.000", "s_00002.ts") + item("17", "4.000", "s_00003.ts") + jump + item("21", "4.000", "s_00004.ts") +
		item("25", "4.000", "s_00005.ts") + item("29", "1.235", "50%25/a:b%23c%3F.ts")
	for _, c := range []struct {
		name, got, want string
	}{
		{"event", string(event.text(false)), "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-ALLOW-CACHE:NO\n" +
			"#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n" + all + last},
		{"live", string(live.text(true)), "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:2\n" +
			"#EXT-X-DISCONTINUITY-SEQUENCE:1\n#EXT-X-MAP:URI=\"a b_init.mp4\"\n" + last + "#EXT-X-ENDLIST\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", c.name, c.got, c.want)
		}
	}
	event.add(listed{name: "a:b", duration: 4001 * time.Millisecond})
	if text := string(event.text(false)); !strings.Contains(text, "TARGETDURATION:5\n") || !strings.HasSuffix(text, "\n./a:b\n") {
		t.Errorf("a segment that is too long, a name like a scheme:\n%s", text)
	}
}
