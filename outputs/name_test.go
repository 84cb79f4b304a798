package outputs

import (
	"errors"
	"path"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var nameTime = time.Date(2022, 10, 4, 1, 13, 6, 78e6, time.Local)

func TestFileNameSeedReadme(t *testing.T) {
	room := NameTokens{HasRoom: true, RoomName: "testroom", RoomID: "10719607-f7b0-4d82-afe1-06b77e91fe12", Time: nameTime}
	publisher := room
	publisher.HasPublisher, publisher.PublisherIdentity = true, "david"
	track := publisher
	track.HasTrack, track.TrackID, track.TrackType, track.TrackSource = true, "TR_SKasdXCVgHsei", "audio", "microphone"
	for _, c := range []struct {
		requested, ext string
		tokens         NameTokens
		want           string
	}{
		{"", ".mp4", room, "testroom-2022-10-04T011306.mp4"},
		{"livekit-recordings/", ".mp4", room, "livekit-recordings/testroom-2022-10-04T011306.mp4"},
		{"{room_name}/{time}", ".mp4", room, "testroom/2022-10-04T011306.mp4"},
		{"{room_id}-{publisher_identity}.mp4", ".mp4", publisher, "10719607-f7b0-4d82-afe1-06b77e91fe12-david.mp4"},
		{"{track_type}-{track_source}-{track_id}", ".ogg", track, "audio-microphone-TR_SKasdXCVgHsei.ogg"},
	} {
		if got, err := FileName(c.requested, c.ext, c.tokens); err != nil || got != c.want {
			t.Errorf("FileName(%q) = %q, %v; want %q", c.requested, got, err, c.want)
		}
	}
}

func TestFileName(t *testing.T) {
	room := NameTokens{HasRoom: true, RoomName: "r", Time: nameTime}
	named := func(n string) NameTokens { return NameTokens{HasRoom: true, RoomName: n, Time: nameTime} }
	again := room
	again.Retry = 2
	utc := NameTokens{Time: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3*3600))}
	long := strings.Repeat("ä", 300)
	for _, c := range []struct {
		name, requested string
		tokens          NameTokens
		want            string
	}{
		{"web", "", NameTokens{Time: nameTime}, "web-2022-10-04T011306.mp4"},
		{"unknown room", "", named(""), "web-2022-10-04T011306.mp4"},
		{"track without room", "", NameTokens{HasTrack: true, TrackID: "TR_1", Time: nameTime}, "TR_1-2022-10-04T011306.mp4"},
		{"retry in a generated name", "a/", again, "a/r-2022-10-04T011306-2.mp4"},
		{"retry token", "x-{retry}", again, "x-2.mp4"},
		{"retry token on the first try", "x-{retry}", room, "x-.mp4"},
		{"only a retry token", "a/{retry}", room, "a/r-2022-10-04T011306.mp4"},
		{"utc", "{utc}", utc, "20260102000405006.mp4"},
		{"tokens that do not apply", "{room_name}-{track_id}-{publisher_identity}-{what}", room, "r-{track_id}-{publisher_identity}-{what}.mp4"},
		{"room tokens on web", "{room_name}", NameTokens{Time: nameTime}, "{room_name}.mp4"},
		{"right extension", "a.mp4", room, "a.mp4"},
		{"wrong known extension", "a.webm", room, "a.mp4"},
		{"unknown extension", "a.mkv", room, "a.mkv.mp4"},
		{"extension in capitals", "a.MP4", room, "a.MP4.mp4"},
		{"only an extension", "a/.mp4", room, "a/r-2022-10-04T011306.mp4"},
		{"absolute", "/out/a", room, "/out/a.mp4"},
		{"absolute folder", "/out/", room, "/out/r-2022-10-04T011306.mp4"},
		{"root", "/", room, "/r-2022-10-04T011306.mp4"},
		{"upwards", "../../a", room, "a.mp4"},
		{"upwards inside", "a/../../b", room, "b.mp4"},
		{"upwards from the root", "/../a", room, "/a.mp4"},
		{"dot", ".", room, "r-2022-10-04T011306.mp4"},
		{"dot dot", "..", room, "r-2022-10-04T011306.mp4"},
		{"dot dot slash", "../", room, "r-2022-10-04T011306.mp4"},
		{"dot slash", "./", room, "r-2022-10-04T011306.mp4"},
		{"doubled slashes", "a//b", room, "a/b.mp4"},
		{"value with slashes", "{room_name}", named("../../etc/passwd"), "____etc_passwd.mp4"},
		{"value dot dot", "x/{room_name}/y", named(".."), "x/_/y.mp4"},
		{"value dot", "x/{room_name}/y", named("."), "x/_/y.mp4"},
		{"value of dots", "x/{room_name}/y", named("....."), "x/__./y.mp4"},
		{"empty value first", "{room_name}/y", named(""), "y.mp4"},
		{"empty value makes dot dot", "a/.{room_name}./y", named(""), "y.mp4"},
		{"value is a token", "{room_name}", named("{time}"), "{time}.mp4"},
		{"value that reads from the right", "{room_name}", named("a\u202egpj.4pm\u2066b"), "a_gpj.4pm_b.mp4"},
		{"value with control characters", "{room_name}", named("a\x00b\nc\u2028d\xff"), "a_b_c_d_.mp4"},
		{"value with a space", "{room_name}", named("my room"), "my room.mp4"},
		{"generated from a hostile room", "", named("/../x"), "___x-2022-10-04T011306.mp4"},
		{"long value", "{room_name}/{room_name}", named(long), long[:254] + "/" + long[:196] + ".mp4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := FileName(c.requested, ".mp4", c.tokens); err != nil || got != c.want {
				t.Errorf("FileName(%q) = %q, %v; want %q", c.requested, got, err, c.want)
			}
		})
	}
	for _, bad := range []string{"a\x00b", "a\nb", "a\xff"} {
		if got, err := FileName(bad, ".mp4", room); !errors.Is(err, ErrName) {
			t.Errorf("FileName(%q) = %q, %v; want ErrName", bad, got, err)
		}
	}
}

func TestRetrySafe(t *testing.T) {
	for _, c := range []struct {
		requested string
		retry     int
		safe      bool
	}{
		{"a.mp4", 0, true}, {"a.mp4", 1, false}, {"a/b", 3, false}, {"{time}", 1, false},
		{"", 1, true}, {"a/", 1, true}, {"..", 1, true}, {"a-{retry}", 1, true}, {"{retry}/a", 1, true},
	} {
		if err := RetrySafe(c.requested, c.retry); (err == nil) != c.safe {
			t.Errorf("RetrySafe(%q, %d) = %v, want safe %t", c.requested, c.retry, err, c.safe)
		}
	}
}

// FuzzFileName: whatever a participant calls himself or a room, the file stays
// in the requested folder, and no component is one that a file system refuses.
func FuzzFileName(f *testing.F) {
	f.Add("{room_name}/{publisher_identity}", "../..", "a/b", 0)
	f.Add("x/.{room_name}./{room_id}{retry}/", ".", "", 3)
	f.Add("/out/{track_id}.webm", "\x00", "..", 1)
	f.Fuzz(func(t *testing.T, requested, room, who string, retry int) {
		tokens := NameTokens{HasRoom: true, RoomName: room, RoomID: who, HasPublisher: true, PublisherIdentity: who,
			HasTrack: true, TrackID: room, TrackType: "video", TrackSource: who, Time: nameTime, Retry: retry}
		got, err := FileName(requested, ".mp4", tokens)
		if err != nil {
			return
		}
		if path.Clean(got) != got || path.IsAbs(got) != path.IsAbs(requested) {
			t.Fatalf("%q is not clean, or absolute unasked (request %q)", got, requested)
		}
		for part := range strings.SplitSeq(got, "/") {
			if part == ".." || len(part) > maxComponent || strings.ContainsFunc(part, unicode.IsControl) || !utf8.ValidString(part) {
				t.Fatalf("bad component %q in %q", part, got)
			}
		}
		fixed := "base/{room_name}{publisher_identity}/{track_id}/file"
		if p := tokens.ExpandPath(fixed); !strings.HasPrefix(p, "base/") || !strings.HasSuffix(p, "/file") {
			t.Fatalf("%q left its folder", p)
		}
	})
}
