package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/logs"
	"github.com/ffegress/ffegress/uploads"
)

func uploadsCommand() *cli.Command {
	return &cli.Command{
		Name:  "uploads",
		Usage: "see to files whose upload has not succeeded yet",
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "show what is still to be uploaded, oldest first", Flags: configFlags(), Action: listUploads,
			},
			{
				Name: "retry", Usage: "try now: all, or those of the egresses named", ArgsUsage: "[EGRESS…]",
				Flags:  append(configFlags(), &cli.DurationFlag{Name: "timeout", Usage: "how `LONG` to try what no running ffegress has", Value: 10 * time.Minute}),
				Action: retryUploads,
			},
			{
				Name: "drop", Usage: "forget uploads of the egresses named, and delete their files", ArgsUsage: "EGRESS…",
				Flags: configFlags(), Action: dropUploads,
			},
		},
	}
}

// owed lists the debts of the configured work directory, of the egresses named or of all.
func owed(cmd *cli.Command, egresses []string) (*config.Config, []uploads.Owed, error) {
	conf, _, err := optionalConfig(cmd.String("config"), cmd.String("config-body"), config.Default)
	if err != nil {
		return nil, nil, err
	}
	list, err := uploads.List(conf.WorkDir)
	if len(egresses) > 0 {
		list = slices.DeleteFunc(list, func(o uploads.Owed) bool { return !slices.Contains(egresses, o.Egress) })
	}
	return conf, list, err
}

func listUploads(_ context.Context, cmd *cli.Command) error {
	_, list, err := owed(cmd, nil)
	out := tabwriter.NewWriter(cmd.Root().Writer, 0, 0, 2, ' ', 0)
	for _, o := range list {
		reason := o.Trouble()
		if reason == "" {
			reason = "not tried yet"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\tsince %s\t%d tries\t%s\n",
			o.Egress, o.Name, size(o.Size), stores(o), o.Added.Local().Format(time.DateTime), o.Tries, reason)
	}
	return errors.Join(err, out.Flush())
}

// stores names the store and its backup.
func stores(o uploads.Owed) string {
	if o.BackupProvider == "" {
		return o.Provider
	}
	return o.Provider + ", backup " + o.BackupProvider
}

// retryUploads asks the processes that have the debts, and pays itself those that no process has.
func retryUploads(ctx context.Context, cmd *cli.Command) error {
	conf, list, err := owed(cmd, cmd.Args().Slice())
	if err != nil {
		return err
	}
	ctx, _, stop := signals(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, cmd.Duration("timeout"))
	defer cancel()
	log := logs.New(os.Stderr, conf.Logging)
	debts, err := service.NewDebts(conf, log)
	if err != nil {
		return err
	}
	paying, stopPaying := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); debts.Queue.Run(paying) }()
	defer func() { stopPaying(); <-done }()
	failed := 0
	for _, o := range list {
		if err := retry(ctx, cmd, debts.Queue, o, log); err != nil {
			failed++
			fmt.Fprintf(cmd.Root().ErrWriter, "%s %s: %v\n", o.Egress, o.Name, err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d uploads failed; they stay on disk", failed, len(list))
	}
	return nil
}

func retry(ctx context.Context, cmd *cli.Command, queue *uploads.Queue, o uploads.Owed, log *slog.Logger) error {
	home, err := uploads.LockHome(o.Home)
	if errors.Is(err, uploads.ErrHeld) {
		fmt.Fprintf(cmd.Root().Writer, "%s %s: asked the running ffegress\n", o.Egress, o.Name)
		return o.AskRetry()
	}
	if err != nil {
		return err
	}
	defer home.Release()
	if queue.Ticket(o.Home, o.ID) == nil {
		if _, err := queue.Load(o.Home); err != nil {
			log.Warn("uploads", "home", o.Home, "error", err)
		}
	}
	ticket := queue.Ticket(o.Home, o.ID)
	if ticket == nil {
		return errors.New("it cannot be read")
	}
	// What no process has is told by the next service that starts: the debt stays until then, paid.
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	if _, err := ticket.Wait(ctx, func(error) { giveUp() }); err != nil {
		return err
	}
	fmt.Fprintf(cmd.Root().Writer, "%s %s: uploaded\n", o.Egress, o.Name)
	return nil
}

func dropUploads(_ context.Context, cmd *cli.Command) error {
	if cmd.NArg() == 0 {
		return errors.New("name the egresses whose uploads are to be dropped")
	}
	_, list, err := owed(cmd, cmd.Args().Slice())
	if err != nil {
		return err
	}
	for _, o := range list {
		home, err := uploads.LockHome(o.Home)
		switch {
		case errors.Is(err, uploads.ErrHeld):
			err = o.AskDrop()
		case err == nil:
			err = o.Drop()
			home.Release()
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.Root().Writer, "%s %s: dropped\n", o.Egress, o.Name)
	}
	return nil
}
