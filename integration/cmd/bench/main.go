package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/spine"
)

func main() {
	length := flag.Duration("length", 30*time.Second, "how long each recording is watched")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	for _, preset := range []livekit.EncodingOptionsPreset{
		livekit.EncodingOptionsPreset_H264_720P_30, livekit.EncodingOptionsPreset_H264_1080P_30,
	} {
		cost, err := spine.MeasureRoom(ctx, preset, *length)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		var o accept.Outcome
		cost.Report(&o)
		fmt.Printf("\nRoomComposite, grid, 3 publishers, %v\n", preset)
		for _, f := range o.Figures {
			fmt.Printf("  %-34s %s\n", f.Name, f.Value)
		}
	}
}
