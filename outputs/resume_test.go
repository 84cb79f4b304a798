package outputs

import (
	"bytes"
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// encoded is 5.4 s of fragmented MP4 as an encoder writes it.
func encoded(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "encoded.mp4")
	tool(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=5.4", "-f", "lavfi", "-i", "sine=r=48000:d=5.4",
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-c:a", "aac",
		"-f", "mp4", "-movflags", "+frag_keyframe+empty_moov+default_base_moof+delay_moov", "-movie_timescale", "90000", "-frag_duration", "500000", path)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// quiet waits until nothing changes in a folder any more.
func quiet(t *testing.T, dir string) {
	t.Helper()
	var last int64
	same := 0
	waitFor(t, "nothing to change in the folder", func() bool {
		var sum int64
		err := filepath.WalkDir(dir, func(_ string, d iofs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil {
				sum += info.Size() + 1 + info.ModTime().UnixNano()%1_000_000_007
			}
			return err
		})
		if same++; sum != last || err != nil { // or something was moved just now
			last, same = sum, 0
		}
		return same > 40
	})
}

// inPlace tells what lies under a folder.
func inPlace(dir string) Heirloom {
	return Heirloom{FPS: 30, Video: true, Audio: true, Taken: func(_ context.Context, name string) (Delivered, bool, error) {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) {
			return Delivered{}, false, nil
		}
		return Delivered{path, info.Size()}, err == nil, err
	}}
}

// appendTo adds to a file what was being written when its process died.
func appendTo(t *testing.T, path, torn string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(torn)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// sameFiles compares two folders, byte by byte.
func sameFiles(t *testing.T, got, want string) {
	t.Helper()
	names := slices.Sorted(maps.Keys(files(t, got)))
	if wanted := slices.Sorted(maps.Keys(files(t, want))); !slices.Equal(names, wanted) {
		t.Errorf("files %v, want %v", names, wanted)
		return
	}
	for _, name := range names {
		a, err := os.ReadFile(filepath.Join(got, name))
		b, wantErr := os.ReadFile(filepath.Join(want, name))
		if err := errors.Join(err, wantErr); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %d bytes are not as the %d wanted, %v", name, len(a), len(b), err)
		}
	}
}

// TestSegmentsResume: a process dies while one segment waits for its store, those behind it are there already and
// another one grows. All of them are listed, nothing of what was written is lost, and the playlists are ended.
func TestSegmentsResume(t *testing.T) {
	media := encoded(t)
	for _, fmp4 := range []bool{false, true} {
		t.Run(map[bool]string{false: "TS", true: "fMP4"}[fmp4], func(t *testing.T) {
			t.Parallel()
			extension := map[bool]string{false: ".ts", true: ".m4s"}[fmp4]
			dir, gate := t.TempDir(), make(chan struct{})
			hub := NewHub(HubOptions{FPS: 30, HasVideo: true, HasAudio: true})
			s := &Segments{
				Hub: hub, FFmpeg: "/usr/bin/ffmpeg", FMP4: fmp4, Seconds: 1, GOP: 30, Work: filepath.Join(dir, "work"),
				Names:   SegmentNames{Playlist: "out/list.m3u8", Live: "out/live.m3u8", Prefix: "s"},
				Deliver: &store{LocalDeliver: LocalDeliver{Prefix: dir}, hold: map[string]chan struct{}{"s_00001" + extension: gate}},
			}
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Begin(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
			read, write := io.Pipe()
			ran := make(chan error, 1)
			go func() { ran <- hub.Run(read, programme.Point{}) }()
			if _, err := write.Write(media[:len(media)*9/10]); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the segment behind the one that is held", func() bool {
				_, err := os.Stat(filepath.Join(dir, "out", "s_00003"+extension))
				return err == nil
			})
			quiet(t, dir)
			dead := t.TempDir()
			if err := os.CopyFS(dead, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			close(gate)
			_ = write.CloseWithError(io.ErrUnexpectedEOF)
			<-ran
			hub.Close(nil)
			lived, err := finish(t, s, t.Context())
			if err != nil {
				t.Fatal(err)
			}

			appendTo(t, filepath.Join(dead, "work", "00004.mp4"), "torn moof")
			appendTo(t, filepath.Join(dead, "work", ledgerFile), `{"n":4,"dura`)
			again := &Segments{
				FFmpeg: "/usr/bin/ffmpeg", FMP4: fmp4, Seconds: 1, Work: filepath.Join(dead, "work"), Names: s.Names, Deliver: LocalDeliver{Prefix: dead},
			}
			made, whole, err := again.Resume(t.Context(), inPlace(dead))
			if err != nil || whole {
				t.Fatalf("%+v, whole %t, %v", made, whole, err)
			}
			if made.Count != 5 || made.Duration != lived.Duration || made.Size != lived.Size || made.Path != filepath.Join(dead, "out", "list.m3u8") {
				t.Errorf("%+v, had it lived %+v", made, lived)
			}
			text, all := readPlaylist(t, filepath.Join(dead, "out", "list.m3u8"))
			want, _ := readPlaylist(t, filepath.Join(dir, "out", "list.m3u8"))
			if text != want || !strings.HasSuffix(text, "#EXT-X-ENDLIST\n") {
				t.Errorf("playlist:\n%s\nhad it lived:\n%s", text, want)
			}
			live, _ := readPlaylist(t, filepath.Join(dead, "out", "live.m3u8"))
			if want, _ := readPlaylist(t, filepath.Join(dir, "out", "live.m3u8")); live != want {
				t.Errorf("live playlist:\n%s", live)
			}
			total := checkPieces(t, filepath.Join(dead, "out"), all, ffpipe.EncoderOptions{Video: true, Audio: true, FPS: 30, SegmentSeconds: 1}, 0)
			if math.Abs(total-made.Duration.Seconds()) > 0.01 || total < 4.3 {
				t.Errorf("%f s are listed", total)
			}
			// The same bytes, down to the numbers of the packets.
			sameFiles(t, filepath.Join(dead, "out"), filepath.Join(dir, "out"))
			// Another process, should this one die before it has told: the same again.
			if twice, _, err := again.clone().Resume(t.Context(), inPlace(dead)); err != nil || twice.Count != made.Count || twice.Size != made.Size {
				t.Errorf("the second time: %+v, %v", twice, err)
			}
		})
	}
}

func (s *Segments) clone() *Segments {
	return &Segments{FFmpeg: s.FFmpeg, FMP4: s.FMP4, Seconds: s.Seconds, Work: s.Work, Names: s.Names, Deliver: s.Deliver}
}

// TestSegmentsResumeNothing: there is nothing, or not a whole fragment, or something was taken away.
func TestSegmentsResumeNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		ledger string
		want   error
	}{
		{"no ledger", "", ErrNothing},
		{"empty part", `{"n":0,"name":"s_00000.ts","at":"2026-01-02T03:04:05Z"}`, ErrNothing},
		{"torn at once", `{"n":0,"na`, ErrNothing},
		{"a segment is missing", `{"n":0,"name":"s_00000.ts","at":"2026-01-02T03:04:05Z"}` + "\n" + `{"n":0,"duration":1000000000}` + "\n" +
			`{"n":1,"name":"s_00001.ts","at":"2026-01-02T03:04:06Z"}`, ErrNothing},
		{"damaged", `{"n":5,"duration":1000000000}`, ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := &Segments{FFmpeg: "/bin/false", Work: dir, Names: SegmentNames{Playlist: "out/list.m3u8", Prefix: "s"}, Seconds: 1, Deliver: LocalDeliver{Prefix: dir}}
			if c.ledger != "" {
				if err := os.WriteFile(filepath.Join(dir, ledgerFile), []byte(c.ledger), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			made, whole, err := s.Resume(t.Context(), inPlace(dir))
			if !errors.Is(err, c.want) || whole || made.Count != 0 {
				t.Errorf("%+v, %t, %v", made, whole, err)
			}
			if _, err := os.Stat(filepath.Join(dir, "out")); !os.IsNotExist(err) {
				t.Errorf("something was delivered: %v", err)
			}
		})
	}
}

// TestSegmentsKeep: what has finished can be told again by another process.
func TestSegmentsKeep(t *testing.T) {
	dir := t.TempDir()
	hub := avHub()
	s := &Segments{Hub: hub, FFmpeg: "/usr/bin/ffmpeg", Deliver: LocalDeliver{Prefix: dir}, Work: filepath.Join(dir, "work"), Keep: true,
		Names: SegmentNames{Playlist: "out/list.m3u8", Prefix: "s"}, Seconds: 1}
	begin(t, s)
	sample(t, hub)
	hub.Close(nil)
	made, err := finish(t, s, t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Whoever wanted a segment may have fetched it.
	if err := os.Remove(filepath.Join(dir, "out", "s_00000.ts")); err != nil {
		t.Fatal(err)
	}
	again, whole, err := s.clone().Resume(t.Context(), inPlace(dir))
	if err != nil || !whole || again != made {
		t.Errorf("%+v, whole %t, %v; want %+v", again, whole, err, made)
	}
}

// TestImagesResume: pictures that were not delivered are, in their places.
func TestImagesResume(t *testing.T) {
	i, p, out := newImages(t, ImageIndex)
	gate := make(chan struct{})
	i.Deliver = &store{LocalDeliver: i.Deliver.(LocalDeliver), hold: map[string]chan struct{}{"i_00001.jpeg": gate}}
	if err := i.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.Begin(time.Now())
	for n := range int64(45) {
		f := p.pool.Get()
		p.format.Black(f.Pix)
		p.consumers[0].VideoFrame(n, f, false)
		f.Release()
		if n%20 == 0 {
			waitFor(t, "the picture", func() bool {
				_, early := os.Stat(i.path(n / 20))
				return early == nil || i.Progress().Count > n/20
			})
		}
	}
	dir := filepath.Dir(out)
	waitFor(t, "the first to be delivered", func() bool { return i.Progress().Count == 1 })
	quiet(t, dir)
	dead := t.TempDir()
	if err := os.CopyFS(dead, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	close(gate)
	p.consumers[0].End(45, 0)
	lived, err := finish(t, i, t.Context())
	if err != nil || lived.Count != 3 {
		t.Fatalf("%+v, %v", lived, err)
	}
	again := &Images{Work: filepath.Join(dead, "work"), Prefix: i.Prefix, Deliver: LocalDeliver{Prefix: dead}}
	made, whole, err := again.Resume(t.Context(), inPlace(dead))
	if err != nil || whole || made.Count != lived.Count || made.Size != lived.Size {
		t.Errorf("%+v, whole %t, %v; had it lived %+v", made, whole, err, lived)
	}
	sameFiles(t, filepath.Join(dead, "out"), out)
}

// FuzzLedger: whatever a disk has made of it, it is read or refused.
func FuzzLedger(f *testing.F) {
	f.Add([]byte(`{"n":0,"name":"s_00000.ts","at":"2026-01-02T03:04:05Z","start":30,"jump":true}` + "\n" + `{"n":0,"duration":1}` + "\n" + `{"n":0,"next":{"256":3}}` + "\n" +
		`{"n":0,"told":true,"size":5}` + "\n" + `{"n":0,"whole":true}` + "\n"))
	f.Add([]byte(`{"n":-1,"told":true}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(filepath.Join(dir, ledgerFile), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		all, _, err := readLedger(workfile.OS(), dir)
		for n, s := range all {
			if s.Number != int64(n) || s.Name == "" {
				t.Errorf("step %d is %+v", n, s)
			}
		}
		if (err == nil) != (len(all) > 0) {
			t.Errorf("%d steps, %v", len(all), err)
		}
	})
}
