package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run() error {
	cache := flag.String("cache", "", "folder for encoded material (default: ffegress in the user's cache folder)")
	text := flag.String("size", "1280x720", "size of the clip")
	flag.Parse()
	size, err := publish.ParseSize(*text)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s, err := page.Start(ctx, publish.Cache{Dir: *cache}, size)
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Printf("card: %s\n", s.Card(0, -1))
	broken, err := s.Broken()
	if err != nil {
		return err
	}
	for _, b := range broken {
		fmt.Printf("%s: %s\n", b.Name, b.URL)
	}
	<-ctx.Done()
	return nil
}
