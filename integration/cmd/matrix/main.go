package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/matrix"
	"github.com/ffegress/ffegress/integration/rig"
)

var errNotHeld = errors.New("not all is as it should be")

func main() {
	config := flag.String("config", "", "the configuration's file")
	length := flag.Duration("length", 15*time.Second, "of each recording")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *config, *length); err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, path string, length time.Duration) error {
	if path == "" {
		return errors.New("usage: make integration CONFIG=file")
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c, err := matrix.Parse(body)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	cache, err := rig.CacheDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(cache, "matrix"), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Join(cache, "matrix"), time.Now().Format("0102-150405-"))
	if err != nil {
		return err
	}
	fmt.Println("integration: files and logs are in", dir)
	held, err := matrix.Run(ctx, c, dir, length, tell)
	if err == nil && !held {
		err = errNotHeld
	}
	return err
}

func tell(name string, o accept.Outcome) {
	verdict := "ok"
	if !o.Held {
		verdict = "NOT ok"
	}
	fmt.Printf("=== %s: %s\n", name, verdict)
	for _, m := range o.Missed {
		fmt.Println("    MISSED", m)
	}
	for _, f := range o.Figures {
		fmt.Printf("    %s: %s\n", f.Name, f.Value)
	}
}
