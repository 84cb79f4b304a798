package workfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ffegress/ffegress/ffpipe"
)

// recorded is two and a half seconds by the real encoder, with B-frames.
var recorded = sync.OnceValues(func() ([]byte, error) {
	o := ffpipe.EncoderOptions{
		Video: true, Audio: true, Width: 64, Height: 48, FPS: 24, VideoBitrate: 200,
		AudioBitrate: 64, KeyFrameInterval: 1,
	}
	e, err := ffpipe.StartEncoder("ffmpeg", o, nil)
	if err != nil {
		return nil, err
	}
	go func() {
		defer e.Video().Close()
		pix := make([]byte, 64*48*3/2)
		for n := range 60 {
			for i := range pix {
				pix[i] = byte(40 + (i*7+n*13)%150)
			}
			_, _ = e.Video().Write(pix)
		}
	}()
	go func() {
		defer e.Audio().Close()
		pcm := make([]byte, 120000*4)
		for i := range pcm {
			pcm[i] = byte(i / 50)
		}
		_, _ = e.Audio().Write(pcm)
	}()
	data, err := io.ReadAll(e.Output())
	if err != nil {
		return nil, err
	}
	if err := e.Stop(context.Background()); err != nil {
		return nil, err
	}
	return data, e.Close()
})

func recordedFile(t *testing.T) (path string, data []byte) {
	t.Helper()
	data, err := recorded()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "work.mp4")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// tool runs ffmpeg or ffprobe, which must have nothing to complain about.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.Command(name, append([]string{"-v", "error"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%s %q: %v\n%s", name, args, err, stderr.String())
	}
	return out.String()
}

// packets lists each packet's times and size.
func packets(t *testing.T, path, stream string) []string {
	t.Helper()
	out := tool(t, "ffprobe", "-select_streams", stream,
		"-show_entries", "packet=pts_time,dts_time,size", "-of", "compact=p=0", path)
	return strings.Fields(strings.ReplaceAll(out, "|\n", "\n")) // side data leaves a bar
}

// decoded lists the hash and exact time of each decoded frame from zero on.
func decoded(t *testing.T, path, stream string) []string {
	t.Helper()
	out := tool(t, "ffmpeg", "-copyts", "-i", path, "-map", "0:"+stream, "-f", "framemd5", "-")
	var frames []string
	for line := range strings.Lines(out) {
		// In a fragmented file ffmpeg decodes the audio priming as well, at
		// its place before zero.
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, " -") {
			frames = append(frames, strings.TrimSpace(line))
		}
	}
	return frames
}

func TestTruncateRealFiles(t *testing.T) {
	path, data := recordedFile(t)
	r := rand.New(rand.NewPCG(5, 6))
	whole, err := scanFragments(memoryFile(data), int64(len(data)))
	if err != nil || len(whole) < 5 {
		t.Fatalf("%d fragments, %v", len(whole), err)
	}
	if rest := data[whole[len(whole)-1].end:]; len(rest) > 0 && string(rest[4:8]) != "mfra" {
		t.Errorf("%d bytes behind the fragments", len(rest))
	}
	// Where each video packet is, asked of ffprobe.
	var places []int64
	for line := range strings.Lines(tool(t, "ffprobe", "-select_streams", "v", "-show_entries", "packet=pos", "-of", "csv=p=0", path)) {
		pos, err := strconv.ParseInt(strings.Trim(line, ",\n"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, pos)
	}
	finalised := 0
	for n := range 12 {
		cut := int64(r.IntN(len(data)))
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		size, err := Truncate(OS(), ffpipe.MP4, path)
		if cut < whole[0].end {
			if err == nil {
				t.Errorf("cut at %d: %d bytes left", cut, size)
			}
			continue
		}
		if err != nil || size > cut {
			t.Fatalf("cut at %d: %d, %v", cut, size, err)
		}
		want := 0
		for _, pos := range places {
			if pos < size {
				want++
			}
		}
		tool(t, "ffmpeg", "-i", path, "-f", "null", "-")
		got := tool(t, "ffprobe", "-select_streams", "v", "-count_frames", "-show_entries", "stream=nb_read_frames,start_pts", "-of", "csv=p=0", path)
		if got != fmt.Sprintf("0,%d\n", want) {
			t.Errorf("cut at %d: %q frames from zero, want %d", cut, got, want)
		}
		if n%4 != 0 {
			continue
		}
		finalised++
		target := filepath.Join(filepath.Dir(path), "target.mp4")
		if err := Finalise(context.Background(), Finaliser{}, path, target); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
		if a, b := packets(t, path, "v"), packets(t, target, "v"); len(a) != want || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("cut at %d: %d packets became %d, or changed", cut, len(a), len(b))
		}
	}
	if finalised < 2 {
		t.Errorf("only %d cuts were finalised", finalised)
	}
}

func memoryFile(data []byte) File {
	d := memory(data)
	return &diskFile{d, d.names[workPath], workPath}
}

func TestFinaliseReal(t *testing.T) {
	work, data := recordedFile(t)
	target := filepath.Join(filepath.Dir(work), "-a room: 50%.mp4") // no option, no protocol, no pattern
	if err := Finalise(context.Background(), Finaliser{}, work, target); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(work); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the work file changed (%v)", err)
	}
	made, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if moov, mdat := bytes.Index(made, []byte("moov")), bytes.Index(made, []byte("mdat")); moov < 0 || moov > mdat {
		t.Errorf("moov at %d, mdat at %d", moov, mdat)
	}
	if bytes.Contains(made[:200], []byte("moof")) {
		t.Error("still fragmented")
	}
	// ffprobe takes options before the name; give it one that cannot be an option.
	made2 := "file:" + target
	for _, stream := range []string{"v", "a"} {
		before, after := packets(t, work, stream), packets(t, made2, stream)
		if len(before) == 0 || fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("%s: %d packets became %d, or changed", stream, len(before), len(after))
		}
		was, is := decoded(t, work, stream), decoded(t, made2, stream)
		if len(was) < 60 || fmt.Sprint(was) != fmt.Sprint(is) {
			t.Errorf("%s: %d decoded frames became %d, or changed", stream, len(was), len(is))
		}
		if first := strings.Fields(is[0]); first[2] != "0," {
			t.Errorf("%s starts at %q", stream, is[0])
		}
	}
	noTemporaries(t, filepath.Dir(target), 2)
}

// noTemporaries wants exactly so many files in dir, none of them hidden.
func noTemporaries(t *testing.T, dir string, files int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s is left", e.Name())
		}
	}
	if len(entries) != files {
		t.Errorf("%d files, want %d", len(entries), files)
	}
}
