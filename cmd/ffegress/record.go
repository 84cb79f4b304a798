package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/livekit/protocol/livekit"
	"github.com/urfave/cli/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/browser"
	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/logs"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/service/session"
)

func recordCommand() *cli.Command {
	return &cli.Command{
		Name:  "record",
		Usage: "record one room or page into a file, without Redis",
		Description: "The request is the JSON that livekit-cli takes, given as a file, or flags, or both (flags win).\n" +
			"Ctrl-C ends the recording gracefully; p or the space bar pauses it and lets it go on (--pause).\n" +
			"Exit codes: 0 complete, 1 wrong request or configuration, 3 failed (the file has what was recorded), 4 nothing recorded.",
		Commands: []*cli.Command{
			recordKind("room", "record a room through the room template", roomFlags, roomRequest),
			recordKind("participant", "record a participant's camera and microphone, or screen share", participantFlags, participantRequest),
			recordKind("track-composite", "record a track of pictures and one of sound together", trackCompositeFlags, trackCompositeRequest),
			recordKind("track", "record one track as it comes, without encoding", trackFlags, trackRequest),
			recordKind("web", "record a web page", webFlags, webRequest),
			recordKind("egress", "record what a StartEgress (v2) request asks for", egressFlags, egressRequest),
		},
	}
}

func recordKind(name, usage string, flags func() []cli.Flag, request requestFunc) *cli.Command {
	return &cli.Command{
		Name:      name,
		Usage:     usage,
		ArgsUsage: "[REQUEST.json]",
		Flags:     append(commonFlags(), flags()...),
		// Urls of streams have commas.
		DisableSliceFlagSeparator: true,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return record(ctx, cmd, request)
		},
	}
}

// record runs one session in this process.
func record(ctx context.Context, cmd *cli.Command, request requestFunc) error {
	mode, ok := pauseModes[cmd.String("pause")]
	if !ok {
		return fmt.Errorf("--pause: want slate or cut, got %q", cmd.String("pause"))
	}
	conf, warnings, err := recordConfig(cmd)
	if err != nil {
		return err
	}
	setUmask(conf)
	log := logs.New(os.Stderr, conf.Logging)
	warn(log, warnings)
	req, err := request(cmd)
	if err != nil {
		return err
	}

	if err := conf.FindVideoEncoder(ctx, log); err != nil {
		return err
	}
	browser.Sweep(log)
	template := &browser.TemplateServer{Addr: "127.0.0.1:0"}
	if err := template.Start(); err != nil {
		return err
	}
	defer func() { _ = template.Close(context.Background()) }()
	conf.TemplateBase, conf.TemplatePort = ownTemplate(conf.TemplateBase, conf.TemplatePort, template.URL()), template.Port()
	p, err := plan.New(conf, req)
	if err != nil {
		return err
	}
	if cmd.IsSet("pause") {
		if err := session.CheckPause(p, mode); err != nil {
			return err
		}
	}
	p.Resolve(ctx, &outputs.Ingests{Log: log})
	if err := p.Prepare(); err != nil {
		return err
	}
	debts, stopPaying, err := payDebts(conf, log)
	if err != nil {
		return err
	}
	defer stopPaying()
	leaving, leave := context.WithCancel(ctx)
	defer leave()
	debts.Leave = leaving
	run := session.New(p, session.Options{
		Debts:    debts,
		OnUpdate: func(*livekit.EgressInfo) {}, // the line on the terminal tells
		Syncer:   &workfile.Syncer{},
		Log:      log,
	})
	info := recordUntilEnd(ctx, cmd, run, mode, leave)
	if session.Terminal(info.Status) {
		run.Release()
	}
	if cmd.Bool("json") {
		out, err := protojson.MarshalOptions{Multiline: true, UseProtoNames: true}.Marshal(info)
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.Root().Writer, string(out))
	}
	return outcome(info)
}

// recordUntilEnd shows how the recording goes and ends it at the first signal. At the second an upload is left on disk.
func recordUntilEnd(ctx context.Context, cmd *cli.Command, run *session.Session, mode programme.PauseMode, leave func()) *livekit.EgressInfo {
	interrupted, hurry, stop := signals(ctx)
	defer stop()
	go func() {
		select {
		case <-interrupted.Done():
			_, _ = run.Stop(ctx, session.ReasonInterrupted)
			select {
			case <-hurry:
				leave()
			case <-run.Done():
			}
		case <-run.Done():
		}
	}()
	line := newProgressLine(cmd.Root().ErrWriter, run)
	line.start()
	keys := newPauseKey(os.Stdin, cmd.Root().ErrWriter, run, mode)
	keys.start()
	info := run.Run(ctx)
	keys.stop()
	line.stop(info)
	return info
}

// recordConfig needs no file: the keys may come from flags or the environment.
func recordConfig(cmd *cli.Command) (*config.Config, []config.Warning, error) {
	conf, warnings, err := optionalConfig(cmd.String("config"), cmd.String("config-body"), config.Default)
	if err != nil {
		return nil, nil, err
	}
	if v := cmd.String("ws-url"); v != "" {
		conf.WSURL = v
	}
	if v := cmd.String("api-key"); v != "" {
		conf.APIKey = v
	}
	return conf, warnings, nil
}

// ownTemplate moves the built-in template, with the query that the configuration gives it, from the port of
// a running service to the one of this recording. Another template stays where it is.
func ownTemplate(base string, port int, url string) string {
	query, builtin := strings.CutPrefix(base, fmt.Sprintf("http://localhost:%d/", port))
	if !builtin {
		return base
	}
	return url + "/" + query
}
