package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v3"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/check"
)

func checkCommand() *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "try all that a recording needs, and tell the remedy for what is missing",
		Description: "Reads the configuration strictly (what serve warns of is an error here), and tries ffmpeg, Chromium, Xvfb, PulseAudio,\n" +
			"fonts, Redis, livekit-server, the API key, the directories and the template's port. One line each: ok, warn or FAIL.\n" +
			"With --cluster: asks all nodes on the configured Redis for their load, and why they would refuse which type of request.\n" +
			"Exit codes: 0 nothing failed (there may be warnings), 1 something failed.",
		Flags: append(configFlags(),
			&cli.BoolFlag{Name: "cluster", Usage: "list all nodes on this Redis instead"},
			&cli.BoolFlag{Name: "json", Usage: "print the results as JSON, one object a line"},
			&cli.DurationFlag{Name: "timeout", Usage: "how `LONG` each check may take; they run side by side", Value: check.DefaultPatience},
		),
		Action: runCheck,
	}
}

func runCheck(ctx context.Context, cmd *cli.Command) error {
	service.LogRedis(slog.New(slog.DiscardHandler)) // the results say it
	ctx, _, stop := signals(ctx)
	defer stop()
	o := check.Options{File: cmd.String("config"), Body: cmd.String("config-body"), Patience: cmd.Duration("timeout")}
	out := cmd.Root().Writer
	total, run := 0, check.Run
	if cmd.Bool("cluster") {
		run = check.Cluster
	}
	failed := run(ctx, o, func(r check.Result) {
		total++
		if !cmd.Bool("json") {
			fmt.Fprintln(out, r)
			return
		}
		// Texts and numbers only: it cannot fail.
		line, _ := json.Marshal(r)
		fmt.Fprintln(out, string(line))
	})
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, total)
	}
	return nil
}
