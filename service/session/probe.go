package session

import (
	"context"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/uploads"
)

// probeWait bounds how long a store may take to answer the probe; one that does not is left to the upload.
const probeWait = 10 * time.Second

// probe tries the egress' stores beside its launch. A refusal ends the egress at once with the store's own reason:
// nobody records an hour for a store that will not have it.
func (s *Session) probe(ctx context.Context) {
	if s.debts == nil || !s.debts.Probe {
		return
	}
	for _, try := range s.plan.Probes() {
		go func() {
			ctx, cancel := context.WithTimeout(ctx, probeWait)
			defer cancel()
			begun := time.Now()
			err := probeStore(ctx, try, s)
			s.log.Debug("store was tried", "store", try.Store.Target, "took", time.Since(begun), "error", err)
			switch {
			case err == nil || ctx.Err() != nil:
			case uploads.Definite(err):
				s.post(func() { s.fail(psrpc.NewError(psrpc.InvalidArgument, err)) })
			default:
				s.log.Warn("the store could not be tried; the upload will be tried for long", "store", try.Store.Target, "error", err)
			}
		}()
	}
}

// probeStore tries a store. Where it refuses for good its backup is tried: one of the two is enough.
func probeStore(ctx context.Context, try plan.Probe, s *Session) error {
	err := probeAt(ctx, try.Store.Target, try.Store.Key(try.Name), s)
	backup := try.Store.BackupOf(try.Name)
	if backup == nil || !uploads.Definite(err) || ctx.Err() != nil {
		return err
	}
	second := probeAt(ctx, backup.Target, backup.Key, s)
	if second == nil {
		s.log.Warn("the store refuses; the backup will be used", "store", try.Store.Target, "backup", backup.Target, "error", err)
		return nil
	}
	return uploads.BothFailed(err, second)
}

func probeAt(ctx context.Context, t uploads.Target, key string, s *Session) error {
	store, err := uploads.Open(ctx, t, s.log)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Probe(ctx, key)
}

// fail ends the egress with an error that came from outside of what it waits for.
func (s *Session) fail(err error) {
	if s.stop == nil {
		s.stop = failure(err)
		s.refused = true
	}
}

// post has fn run by the session's goroutine, unless it has ended.
func (s *Session) post(fn func()) {
	select {
	case s.messages <- message{do: fn}:
	case <-s.done:
	}
}
