package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v3"
)

func main() {
	os.Exit(exitCode(os.Stderr, newApp().Run(context.Background(), os.Args)))
}

func newApp() *cli.Command {
	return &cli.Command{
		Name:  "ffegress",
		Usage: "records LiveKit rooms and web pages with Chrome and FFmpeg",
		// Without a command the service is run, as LiveKit Egress does.
		Flags:    serveFlags(),
		Action:   serve,
		Commands: []*cli.Command{serveCommand(), recordCommand(), checkCommand(), recoverCommand(), uploadsCommand(), versionCommand()},
		// Errors are printed and turned into exit codes in one place.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
	}
}
