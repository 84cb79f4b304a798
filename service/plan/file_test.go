package plan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/livekit/psrpc"
)

func TestFileNames(t *testing.T) {
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const roomID = "10719607-f7b0-4d82-afe1-06b77e91fe12"
	for _, tt := range []struct {
		kind, requested, prefix string
		retry                   int32
		name, path              string
	}{
		// The README of 2022; its other two examples are for other request types.
		{"room", "", "", 0, "testroom-2022-10-04T011306.mp4", wd + "/testroom-2022-10-04T011306.mp4"},
		{"room", "livekit-recordings/", "", 0, "livekit-recordings/testroom-2022-10-04T011306.mp4", wd + "/livekit-recordings/testroom-2022-10-04T011306.mp4"},
		{"room", "{room_name}/{time}", "", 0, "testroom/2022-10-04T011306.mp4", wd + "/testroom/2022-10-04T011306.mp4"},
		{"room", "{room_id}-{publisher_identity}.mp4", "", 0, roomID + "-{publisher_identity}.mp4", wd + "/" + roomID + "-{publisher_identity}.mp4"},

		{"room", "/out/a.mp4", "", 0, "/out/a.mp4", "/out/a.mp4"},
		{"room", "/out/a.ogg", "", 0, "/out/a.mp4", "/out/a.mp4"},
		{"room", "/out/a.mkv", "", 0, "/out/a.mkv.mp4", "/out/a.mkv.mp4"},
		{"room", "../../etc/a", "", 0, "etc/a.mp4", wd + "/etc/a.mp4"},
		{"room", "a", "/srv/films", 0, "a.mp4", "/srv/films/a.mp4"},
		{"room", "/out/a", "/srv/films/", 0, "/out/a.mp4", "/srv/films/out/a.mp4"},
		{"room", "a", "films", 0, "a.mp4", wd + "/films/a.mp4"},
		{"room", "a{retry}", "", 2, "a2.mp4", wd + "/a2.mp4"},
		{"room", "a{retry}", "", 0, "a.mp4", wd + "/a.mp4"},
		{"room", "b/", "", 2, "b/testroom-2022-10-04T011306-2.mp4", wd + "/b/testroom-2022-10-04T011306-2.mp4"},
		{"web", "", "", 0, "web-2022-10-04T011306.mp4", wd + "/web-2022-10-04T011306.mp4"},
		{"web", "{room_name}-{time}", "", 0, "{room_name}-2022-10-04T011306.mp4", wd + "/{room_name}-2022-10-04T011306.mp4"},
	} {
		t.Run(tt.kind+" "+tt.requested, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"file_outputs": []any{map[string]any{"filepath": tt.requested}}})
			if err != nil {
				t.Fatal(err)
			}
			source := `{"room_name": "testroom",`
			if tt.kind == "web" {
				source = `{"url": "http://x",`
			}
			req := parse(t, tt.kind, source+string(body[1:]))
			req.RetryCount = tt.retry
			if tt.kind == "room" {
				req.RoomId = roomID
			}
			conf := testConfig()
			conf.Storage.Prefix = tt.prefix
			p, err := decide(conf, req, testTime)
			if err != nil {
				t.Fatal(err)
			}
			if p.File.Name != tt.name || p.File.Path != tt.path {
				t.Errorf("name %s, path %s\nwant %s, %s", p.File.Name, p.File.Path, tt.name, tt.path)
			}
			//lint:ignore SA1019 clients of 2022 read the deprecated result.
			deprecated := p.Info.GetFile()
			if got := p.Info.FileResults[0]; got.Filename != tt.name || got != deprecated || got.Location != "" {
				t.Errorf("file result: %v, deprecated %v", got, deprecated)
			}
			if p.Info.RetryCount != tt.retry {
				t.Errorf("retry count %d", p.Info.RetryCount)
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dir.mp4"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(dir, "null")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"new directories", dir + "/a/b/c.mp4", ""},
		{"overwrite", dir + "/file", ""},
		{"no file", "", ""},
		{"directory", dir + "/dir.mp4", "Local upload failed: " + dir + "/dir.mp4 is a directory"},
		{"below a file", dir + "/file/x/y.mp4", "Local upload failed: mkdir " + dir + "/file: not a directory"},
		{"device", "/dev/null", "Local upload failed: /dev/null is not a regular file"},
		{"link to a device", dir + "/null", "Local upload failed: " + dir + "/null is not a regular file"},
		// Not even root can write there.
		{"read-only", "/proc/ffegress/x.mp4", "Local upload failed: mkdir /proc/ffegress: …"},
		{"read-only directory", "/proc/x.mp4", "Local upload failed: open /proc/.ffegress-…"},
		{"too long", dir + "/" + strings.Repeat("a", 300), "Local upload failed: stat " + dir + "/aaaa…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := (&Plan{File: File{Path: tt.path}}).Prepare()
			if tt.want != "" {
				wantError(t, err, psrpc.InvalidArgument, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(filepath.Dir(tt.path))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Name(), ".") || e.Name() == "c.mp4" {
					t.Errorf("left behind: %s", e.Name())
				}
			}
		})
	}
	if info, err := os.Stat(dir + "/a/b"); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("made directory: %v %v", info.Mode(), err)
	}
	if old, err := os.ReadFile(dir + "/file"); err != nil || string(old) != "old" {
		t.Errorf("the file that was there: %q, %v", old, err)
	}
}
