package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/utils"

	"github.com/ffegress/ffegress/service/session"
	"github.com/ffegress/ffegress/uploads"
)

// lookForDead is how often the work directory is searched for egresses whose process has died: another service may
// share it.
const lookForDead = time.Minute

// recoverDead ends what dead processes have left in the work directory, now and every while until ctx ends.
func (s *Service) recoverDead(ctx context.Context) {
	tick := time.NewTicker(lookForDead)
	defer tick.Stop()
	for {
		s.recoverAll()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) recoverAll() {
	entries, err := os.ReadDir(s.conf.WorkDir)
	if err != nil {
		s.log.Error("work directory", "error", err)
		return
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		dir := filepath.Join(s.conf.WorkDir, e.Name())
		r, err := session.OpenRecovery(dir, s.conf.Binaries.FFmpeg, s.debts, s.log)
		switch {
		case errors.Is(err, uploads.ErrHeld), errors.Is(err, session.ErrNoRecord):
		case err != nil:
			s.log.Error("what a dead process has left cannot be recovered", "dir", dir, "error", err)
		case !s.sessions.reserve(e.Name()):
			r.Abandon()
		default:
			s.sessions.settle(e.Name())
			s.running.Go(func() { s.recoverOne(e.Name(), r) })
		}
	}
}

// recoverOne ends the try of an egress that has this name. livekit-server is asked first whether it has heard of the end: a process may have died
// after it told it.
func (s *Service) recoverOne(name string, r *session.Recovery) {
	defer s.sessions.remove(name)
	id, told := r.Info().EgressId, r.Told()
	s.log.Info("recovering the egress of a dead process", "egressID", id, "status", r.Info().Status, "told", told)
	rep := s.reporter.open(id)
	rep.ends, rep.keep = s.leases.ends, s.leases.keeper.Note
	rep.told = func() {
		s.leases.keeper.Drop(name)
		r.Release()
	}
	if !told {
		s.leases.keeper.Hold(s.recording, utils.CloneProto(r.Info()))
	}
	known := make(chan bool, 1)
	s.running.Go(func() { known <- !told && s.unfinished(id) })
	info := r.Run(context.Background(), rep.update)
	tell := <-known
	switch {
	case !session.Terminal(info.Status) && !told:
		s.leases.keeper.Leave(name, s.conf.UploadReportDeadline)
		if tell && !s.leases.ended(name) {
			rep.start()
		}
		rep.leave()
	case tell:
		rep.start()
	default:
		rep.told()
	}
	s.log.Info("egress recovered", "egressID", id, "status", info.Status, "error", info.Error, "details", info.Details)
}

// unfinished asks livekit-server, for as long as it does not answer, whether it knows the egress and not its end.
func (s *Service) unfinished(id string) bool {
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		info, err := s.reporter.known(s.recording, id)
		switch {
		case err == nil:
			return !session.Terminal(info.Status)
		case !unanswered(err):
			s.log.Info("livekit-server does not know the egress", "egressID", id, "error", err)
			return false
		}
		s.log.Warn("livekit-server could not be asked for a dead egress", "egressID", id, "error", err, "retryIn", backoff)
		select {
		case <-time.After(backoff):
		case <-s.recording.Done():
			return false
		}
	}
}
