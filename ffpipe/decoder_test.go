package ffpipe

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDecoderArgsGolden(t *testing.T) {
	for name, o := range map[string]DecoderOptions{
		"720p":     {Width: 1280, Height: 720},
		"portrait": {Width: 1080, Height: 1920},
		"bt601":    {Width: 1280, Height: 720, BT601: true},
	} {
		path := filepath.Join("testdata", "decoder", name+".args")
		got := strings.Join(o.Args(), "\n") + "\n"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

func TestDecoderOptionsValidate(t *testing.T) {
	for _, o := range []DecoderOptions{{}, {Width: 15, Height: 16}, {Width: 17, Height: 16}, {Width: 16, Height: 8}} {
		if _, err := StartDecoder(ffmpegPath, o, nil); err == nil {
			t.Errorf("%+v is started", o)
		}
	}
}

// TestDecoderEnds: a decoder without any media ends when its input is closed, and when it is not by Close.
func TestDecoderEnds(t *testing.T) {
	for name, end := range map[string]func(*Decoder) error{
		"Stop": func(d *Decoder) error {
			go io.Copy(io.Discard, d.Output())
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			_ = d.Stop(ctx) // ffmpeg does not like an empty file
			return nil
		},
		"Close": func(*Decoder) error { return nil },
	} {
		d, err := StartDecoder(ffmpegPath, DecoderOptions{Width: 64, Height: 64}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := end(d); err != nil {
			t.Error(err)
		}
		if err := d.Close(); name == "Close" && err == nil {
			t.Error("Close: a decoder that was killed ended cleanly")
		}
		select {
		case <-d.Proc().Done():
		default:
			t.Errorf("%s: the decoder lives", name)
		}
		if err := d.Input().Close(); err == nil {
			t.Errorf("%s: the input is open", name)
		}
	}
}
