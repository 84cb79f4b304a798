package session

import (
	"path/filepath"
	"sync"
	"time"

	"github.com/ffegress/ffegress/ffpipe/workfile"
	"github.com/ffegress/ffegress/rtpfeed/journal"
)

const (
	// journalFile is what is written down of the tracks of an egress, in its directory, while its programme looks back
	// further than a kill may cost.
	journalFile = "journal"
	// journalSync is how often it is made durable: more often than what is made of it, which comes later anyhow, so that
	// it never has less.
	journalSync = 500 * time.Millisecond
	// caughtUp is how little what is published may be behind for the journal to be given up. Until the next fragment it
	// is half a second more.
	caughtUp      = 1400 * time.Millisecond
	caughtUpEvery = 250 * time.Millisecond
)

// kept is the journal of an egress; the nil one is none.
type kept struct {
	log  *journal.Log
	fs   workfile.FS
	path string
	once sync.Once
}

// holdsBack tells that the programme looks back for the reports of senders, so that a journal is kept meanwhile.
func (s *Session) holdsBack() bool {
	_, composed := s.source.(*composedSource)
	return composed && s.record != nil && !s.plan.Live() && s.plan.Format.Audio && s.plan.Format.Video
}

// keepJournal begins the journal if one is to be kept. A recording does not fail for want of it.
func (s *Session) keepJournal() *kept {
	if !s.holdsBack() {
		return nil
	}
	k := &kept{fs: s.plan.Ground.FS(), path: filepath.Join(s.plan.WorkDir, journalFile)}
	file, err := workfile.Create(k.fs, &workfile.Syncer{Interval: journalSync}, k.path)
	if err != nil {
		s.log.Warn("no journal is kept of what is held back", "error", err)
		return nil
	}
	k.log = journal.Start(file, s.log)
	return k
}

// events is where the journal is told what comes.
func (k *kept) events() *journal.Log {
	if k == nil {
		return nil
	}
	return k.log
}

// drop gives the journal up.
func (k *kept) drop() {
	if k == nil {
		return
	}
	k.once.Do(func() {
		k.log.Drop()
		_ = k.fs.Remove(k.path) // should it stay, it goes with the directory
	})
}

// watch drops the journal as soon as the recording has caught up with its source.
func (k *kept) watch(p *pipeline, zero time.Time) {
	tick := time.NewTicker(caughtUpEvery)
	defer tick.Stop()
	defer k.drop()
	for {
		select {
		case <-k.log.Done():
			return
		case <-tick.C:
		}
		if there := p.published(); there > 0 && time.Since(zero)-there <= caughtUp {
			p.log.Debug("the journal is not needed any more", "after", time.Since(zero))
			return
		}
	}
}

// published is how much of the timeline is where a kill cannot reach it.
func (p *pipeline) published() time.Duration {
	line := p.programme.Format().Timeline()
	if p.encoding == nil {
		return p.elapsed(p.programme.Stats())
	}
	end := p.encoding.Hub.End()
	return min(line.FrameTime(end.Frame), line.SampleTime(end.Sample))
}
