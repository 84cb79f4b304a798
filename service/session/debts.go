package session

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/uploads"
)

// Debts is what sessions put files into stores with, and keep their records by. A process has one.
type Debts struct {
	Queue  *uploads.Queue
	Sealer *uploads.Sealer
	// Ground is where files of recovered egresses may go on this machine.
	Ground workfile.Ground
	// Deadline is how long an upload is awaited before its egress is reported as failed.
	Deadline time.Duration
	// Leave ends when no upload is awaited any more, because the process is about to end: debts and records stay on
	// disk for the next one. nil = never.
	Leave context.Context
	// Probe has each store tried when its egress starts.
	Probe bool
	// Tried is told of each try to upload, see uploads.Options; set it before the Queue runs. nil = nobody is.
	Tried func(d uploads.Debt, err error, took time.Duration)

	log   *slog.Logger
	mu    sync.Mutex
	homes map[string]*uploads.Home // of egresses that are over and still owe

	composing sync.Mutex // held while a dead egress is composed again
}

// NewDebts makes a queue that seals what it writes with a key derived from secret; without one the key is kept in
// workDir. Its Queue must be run.
func NewDebts(workDir, secret string, log *slog.Logger) (*Debts, error) {
	sealer, err := uploads.NewSealer(secret, workDir)
	if err != nil {
		return nil, err
	}
	d := &Debts{Sealer: sealer, log: log, homes: map[string]*uploads.Home{}, Deadline: 30 * time.Minute}
	d.Queue = uploads.NewQueue(uploads.Options{Sealer: sealer, Settled: d.settled, Tried: d.tried, Log: log})
	return d, nil
}

func (d *Debts) tried(debt uploads.Debt, err error, took time.Duration) {
	if d.Tried != nil {
		d.Tried(debt, err, took)
	}
}

func (d *Debts) leave() context.Context {
	if d.Leave == nil {
		return context.Background()
	}
	return d.Leave
}

// release is for the home of an egress whose end was told. It is removed when nothing is owed any more.
func (d *Debts) release(home *uploads.Home) {
	d.mu.Lock()
	d.homes[home.Dir] = home
	d.mu.Unlock()
	if d.Queue.Leave(home.Dir) == 0 {
		d.settled(home.Dir)
	}
}

// settled removes the home of an egress that owes nothing any more.
func (d *Debts) settled(dir string) {
	d.mu.Lock()
	home := d.homes[dir]
	delete(d.homes, dir)
	d.mu.Unlock()
	if home == nil {
		return
	}
	if err := home.Remove(); err != nil {
		d.log.Warn("work dir could not be removed", "dir", dir, "error", err)
	}
}
