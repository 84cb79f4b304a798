package outputs

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

const (
	// tsTries is how often a segment's child may be started.
	tsTries = 3
	// tsPatience is how long one may take for a few megabytes, on the slowest
	// machine.
	tsPatience = 2 * time.Minute
)

// makeTS makes an MPEG-TS segment of a part. The part is whole and stays until
// then, so that a child that dies is simply started again.
func (s *Segments) makeTS(part, out string) error {
	for try := 1; ; try++ {
		err := s.runTS(part, out)
		if err == nil || try == tsTries {
			return err
		}
		s.Log.Warn("segment's child died, starting another", "err", err)
	}
}

// runTS is one try. What it leaves on failure is overwritten by the next.
func (s *Segments) runTS(part, out string) (err error) {
	numbers := s.tied.clone()
	defer func() {
		if err != nil {
			s.tied = numbers
		}
	}()
	if err := s.FS.Remove(out); err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("remove torn segment: %w", err)
	}
	file, err := s.FS.Create(out)
	if err != nil {
		return fmt.Errorf("create segment: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	read, write, err := ffpipe.Pipe(0)
	if err != nil {
		return err
	}
	defer func() { _ = read.Close() }() // it is only read from
	child, err := ffpipe.Start(ffpipe.Command{Name: "segment", Path: s.FFmpeg, Args: ffpipe.TSArgs(part), Stdout: write, Log: s.Log})
	if err != nil {
		return err
	}
	patience := time.AfterFunc(tsPatience, child.Kill)
	defer patience.Stop()
	n, err := s.tied.copy(file, read)
	if err != nil {
		child.Kill()
	}
	<-child.Done()
	if err := errors.Join(child.Err(), err); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("%w: empty transport stream", ErrMalformed)
	}
	return nil
}
