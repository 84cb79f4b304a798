package main

import (
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// devRedis is the Redis of `serve --dev`, in this process and on loopback.
type devRedis struct {
	*miniredis.Miniredis
	stop chan struct{}
}

func startDevRedis(addr string) (*devRedis, error) {
	d := &devRedis{Miniredis: miniredis.NewMiniRedis(), stop: make(chan struct{})}
	if err := d.StartAddr(addr); err != nil {
		return nil, fmt.Errorf("start development Redis: %w", err)
	}
	go d.age()
	return d, nil
}

// age lets keys expire: miniredis has no clock of its own.
func (d *devRedis) age() {
	const step = time.Second
	t := time.NewTicker(step)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			d.FastForward(step)
		case <-d.stop:
			return
		}
	}
}

// Close stops the server.
func (d *devRedis) Close() {
	close(d.stop)
	d.Miniredis.Close()
}
