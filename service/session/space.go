package session

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe/workfile"
)

const (
	// spaceEvery is how often the disks of a recording are looked at.
	spaceEvery = time.Second
	// leastSpace is what a recording needs at least, to begin and to go on: room for what is under way to the disk
	// and for the records that others keep there.
	leastSpace = workfile.Reserve
)

// spaceWarnings are the times left at which it is told that a disk fills; from the second on clients are told too.
var spaceWarnings = []time.Duration{30 * time.Minute, 10 * time.Minute, 3 * time.Minute, time.Minute}

// lowPrefix begins the detail that tells of a disk which fills, as long as it does.
const lowPrefix = "Disk space low: "

// volume is a file system on which a recording is, or is to be.
type volume struct {
	name string // for clients
	dir  string
	// again says that what is written must fit there once more: it is copied there when it is whole.
	again bool
	filling
	level int // how many of the warnings were given
}

// volumes are the file systems of the egress as far as it is known where its files go.
func (s *Session) volumes() []*volume {
	p := s.plan
	if p.File.Path == "" && p.Segments == nil && len(p.Images) == 0 && (!p.Passthrough || p.WebSocket != "") {
		return nil // it writes nothing
	}
	work, err := s.space(p.WorkDir)
	if err != nil {
		s.log.Warn("free space is not known", "error", err)
		return nil
	}
	all := []*volume{{name: "work_dir", dir: p.WorkDir}}
	places, err := p.Places()
	if err != nil {
		return all // whoever makes the files tells
	}
	known := map[uint64]bool{work.Device: true}
	for _, place := range places {
		there, err := s.space(filepath.Dir(place))
		if err != nil || known[there.Device] {
			continue
		}
		known[there.Device] = true
		all = append(all, &volume{name: "the directory of the output", dir: filepath.Dir(place), again: place == p.File.Path})
	}
	return all
}

// roomy refuses to begin where nothing can be recorded.
func (s *Session) roomy() error {
	for _, v := range s.volumes() {
		if space, err := s.space(v.dir); err == nil && space.Free < leastSpace {
			s.log.Error("disk full", "dir", v.dir, "free", space.Free)
			return psrpc.NewErrorf(psrpc.Internal, "disk full: %s has %d MB left", v.name, space.Free>>20)
		}
	}
	return nil
}

// watchSpace looks at the disks until ctx ends, and ends the recording while it can still be saved.
func (s *Session) watchSpace(ctx context.Context, all []*volume, written func() int64) {
	tick := time.NewTicker(spaceEvery)
	defer tick.Stop()
	for told := ""; len(all) > 0; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		low, worst := "", 0
		for _, v := range all {
			space, err := s.space(v.dir)
			if err != nil {
				continue // the next write tells
			}
			if err := v.look(time.Now(), space.Free, written()); err != nil {
				s.log.Error("disk full, the recording ends", "dir", v.dir, "free", space.Free, "bytesPerSecond", int64(v.rate()))
				s.post(func() { s.overflow(err) })
				return
			}
			if v.warn() {
				s.log.Warn("disk fills", "dir", v.dir, "free", space.Free, "bytesPerSecond", int64(v.rate()), "fullWithin", spaceWarnings[v.level-1])
			}
			if v.level > max(worst, 1) {
				worst = v.level
				low = fmt.Sprintf("%s is full within %d min", v.name, int(spaceWarnings[v.level-1].Minutes()))
			}
		}
		if low != told {
			told = low
			s.post(func() { s.status.fills(low) })
		}
	}
}

// look notes how much is free, and tells when it is too little to go on.
func (v *volume) look(at time.Time, free, written int64) error {
	room := free
	if v.again {
		room -= written
	}
	v.add(at, room)
	if room > v.reserve(leastSpace) {
		return nil
	}
	return psrpc.NewErrorf(psrpc.Internal, "disk full: %s has room for %d MB more; the recording was ended while it could be saved",
		v.name, max(room, 0)>>20)
}

// warn tells whether it has become worse. Better it is only when there is twice as much time as was warned of.
func (v *volume) warn() (worse bool) {
	left, fills := v.left(v.reserve(leastSpace))
	level := 0
	for level < len(spaceWarnings) && fills && left <= spaceWarnings[level] {
		level++
	}
	switch {
	case level > v.level:
		v.level = level
		return true
	case v.level > 0 && (!fills || left > 2*spaceWarnings[v.level-1]):
		v.level = level
	}
	return false
}

// overflow ends the recording for want of space.
func (s *Session) overflow(err error) {
	if s.stop == nil {
		s.stop = failure(err)
	}
}
