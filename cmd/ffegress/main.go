package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v3"
)

func main() {
	app := &cli.Command{
		Name:  "ffegress",
		Usage: "records LiveKit rooms and web pages with Chrome and FFmpeg",
		// Without a command the service is run, as LiveKit Egress does.
		Flags:    serveFlags(),
		Action:   serve,
		Commands: []*cli.Command{serveCommand(), recordCommand(), versionCommand()},
		// Errors are printed and turned into exit codes here, once.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
	os.Exit(exitCode(app.Run(context.Background(), os.Args)))
}
