package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/publish"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

func run() error {
	o := publish.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	flag.StringVar(&o.URL, "url", "ws://127.0.0.1:7880", "livekit-server")
	flag.StringVar(&o.APIKey, "api-key", "devkey", "API key")
	flag.StringVar(&o.APISecret, "api-secret", "secret", "API secret")
	flag.StringVar(&o.Room, "room", "demo", "room name")
	flag.IntVar(&o.Participants, "participants", 3, "how many, named p0, p1, …")
	flag.BoolVar(&o.VideoOnly, "video-only", false, "publish no sound")
	flag.BoolVar(&o.AudioOnly, "audio-only", false, "publish no picture")
	flag.DurationVar(&o.Talk, "talk", 0, "take turns of this length at being the active speaker")
	flag.StringVar(&o.Cache.Dir, "cache", "", "folder for encoded material (default: ffegress in the user's cache folder)")
	flag.StringVar(&o.Cache.FFmpeg, "ffmpeg", "", "ffmpeg to encode material with")
	sizes := flag.String("size", "640x360", "picture size; a comma-separated list goes round the participants")
	duration := flag.Duration("duration", 0, "stop after this time; 0 = go on")
	prepare := flag.Bool("prepare", false, "only make the material, then exit")
	flag.Parse()
	for text := range strings.SplitSeq(*sizes, ",") {
		size, err := publish.ParseSize(text)
		if err != nil {
			return err
		}
		o.Sizes = append(o.Sizes, size)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if *prepare {
		return o.Prepare(ctx)
	}
	p, err := publish.Start(ctx, o)
	if err != nil {
		return err
	}
	defer p.Close()
	fmt.Printf("all tracks published: room %s, %d participants\n", o.Room, o.Participants)
	var over <-chan time.Time
	if *duration > 0 {
		over = time.After(*duration)
	}
	select {
	case <-ctx.Done():
	case <-over:
	case <-p.Done():
		return p.Err()
	}
	return nil
}
