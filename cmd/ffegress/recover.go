package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/livekit/protocol/livekit"
	"github.com/urfave/cli/v3"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/logs"
	"github.com/ffegress/ffegress/service/session"
)

func recoverCommand() *cli.Command {
	return &cli.Command{
		Name:  "recover",
		Usage: "make files of what a killed ffegress was recording, and upload them",
		Description: "DIR is a work directory, or the directory of one egress in it; default: work_dir of the configuration. A service does the\n" +
			"same when it starts, and tells livekit-server; what is recovered here is told by the next one. Prints the info of each egress.",
		ArgsUsage: "[DIR]",
		Flags:     configFlags(),
		Action:    recoverDir,
	}
}

func recoverDir(ctx context.Context, cmd *cli.Command) error {
	conf, warnings, err := optionalConfig(cmd.String("config"), cmd.String("config-body"), config.Default)
	if err != nil {
		return err
	}
	log := logs.New(os.Stderr, conf.Logging)
	warn(log, warnings)
	dir := conf.WorkDir
	if cmd.NArg() > 0 {
		if dir, err = filepath.Abs(cmd.Args().First()); err != nil {
			return err
		}
	}
	debts, stopPaying, err := payDebts(conf, log)
	if err != nil {
		return err
	}
	defer stopPaying()
	leaving, _, stop := signals(ctx)
	defer stop()
	debts.Leave = leaving
	dirs, err := egressDirs(dir)
	if err != nil {
		return err
	}
	var failed error
	for _, d := range dirs {
		r, err := session.OpenRecovery(d, conf.Binaries.FFmpeg, debts, log)
		if errors.Is(err, session.ErrNoRecord) {
			continue
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", filepath.Base(d), err))
			continue
		}
		info := r.Run(context.Background(), func(*livekit.EgressInfo) {})
		// The record stays for the service, which tells livekit-server.
		r.Abandon()
		out, err := protojson.MarshalOptions{Multiline: true, UseProtoNames: true}.Marshal(info)
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.Root().Writer, string(out))
	}
	return failed
}

// egressDirs is the directory itself if it is that of an egress, otherwise those in it.
func egressDirs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		if e.Name() == "record" && !e.IsDir() {
			return []string{dir}, nil
		}
		if e.IsDir() && e.Name()[0] != '.' {
			dirs = append(dirs, filepath.Join(dir, e.Name()))
		}
	}
	return dirs, nil
}
