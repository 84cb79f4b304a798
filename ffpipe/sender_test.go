package ffpipe

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func senderOptions() map[string]SenderOptions {
	return map[string]SenderOptions{
		"rtmp": {Format: FLV, URL: "rtmp://127.0.0.1:4000/", Options: map[string]string{"rtmp_playpath": "secret"}},
		"srt":  {Format: MPEGTS, URL: "srt://example.com:9000", Options: map[string]string{"passphrase": "secret"}},
	}
}

func TestSenderArgs(t *testing.T) {
	for name, o := range senderOptions() {
		got := strings.Join(o.Args(3, 4), "\n") + "\n"
		path := filepath.Join("testdata", "sender", name+".args")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
		if strings.Contains(got, "secret") {
			t.Errorf("%s: a secret in argv", name)
		}
	}
}

// TestSenderOptions: ffmpeg reads the options from their descriptor, and what it says of them shows no secret.
func TestSenderOptions(t *testing.T) {
	var said []string
	o := SenderOptions{
		Format: MPEGTS, URL: "file:" + filepath.Join(t.TempDir(), "out.ts"), Redact: NewRedactor("secret=word"),
		Options: map[string]string{"no_such_option": "secret=word"},
	}
	s, err := StartSender("ffmpeg", o, nil)
	if err != nil {
		t.Fatal(err)
	}
	fragmented, err := os.ReadFile(filepath.Join("..", "outputs", "testdata", "av44.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = s.Input().Write(fragmented)
	s.CloseInput()
	select {
	case <-s.Proc().Done():
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	exit := ErrorOf(s.Close())
	if exit == nil {
		t.Fatal("an unknown option was taken")
	}
	said = exit.Tail
	if !slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "no_such_option=[redacted]") }) {
		t.Errorf("said %q", said)
	}
	for _, line := range append(said, exit.Error()) {
		if strings.Contains(line, "word") {
			t.Errorf("shown: %s", line)
		}
	}
}

// TestSenderProgress: what went out is told, and a sender without input ends when it is closed.
func TestSenderProgress(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.ts")
	s, err := StartSender("ffmpeg", SenderOptions{Format: MPEGTS, URL: "file:" + out}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fragmented, err := os.ReadFile(filepath.Join("..", "outputs", "testdata", "av44.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Input().Write(fragmented); err != nil {
		t.Fatal(err)
	}
	s.CloseInput()
	select {
	case <-s.Proc().Done():
	case <-time.After(time.Minute):
		t.Fatal("it goes on")
	}
	if err := s.Close(); err != nil || s.Progress().TotalSize == 0 {
		t.Errorf("%+v, %v", s.Progress(), err)
	}
	idle, err := StartSender("ffmpeg", SenderOptions{Format: MPEGTS, URL: "file:" + out}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = idle.Close()
	if _, err := StartSender("no-such-ffmpeg", SenderOptions{}, nil); err == nil {
		t.Error("started nothing")
	}
}
