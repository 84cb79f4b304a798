package main

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/service"
	"github.com/ffegress/ffegress/service/config"
	"github.com/ffegress/ffegress/service/session"
)

// payDebts begins to upload what the sessions of this process will owe. stop leaves on disk what is not uploaded yet.
func payDebts(conf *config.Config, log *slog.Logger) (debts *session.Debts, stop func(), err error) {
	if err := os.MkdirAll(conf.WorkDir, 0o700); err != nil {
		return nil, nil, workfile.Denied(conf.WorkDir, err)
	}
	if debts, err = service.NewDebts(conf, log); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var paying sync.WaitGroup
	paying.Go(func() { debts.Queue.Run(ctx) })
	return debts, func() { cancel(); paying.Wait() }, nil
}
