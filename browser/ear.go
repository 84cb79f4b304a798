package browser

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jfreymuth/pulse"
	pulseproto "github.com/jfreymuth/pulse/proto"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// fragmentBytes is 20 ms: larger fragments made the offset wander.
const fragmentBytes = programme.SampleRate / 50 * programme.Channels * 2

const (
	earTries       = 5
	firstBlockWait = 3 * time.Second
)

// ear reads the sink's monitor. It runs from the launch on, so
// that the clock's phase is known when it counts.
type ear struct {
	client *pulse.Client
	epoch  time.Time
	seen   atomic.Int64  // blocks read
	first  chan struct{} // closed at the first block

	mu    sync.Mutex
	delay time.Duration
	clock *programme.PCMClock
	line  *programme.AudioLine // nil while not capturing
}

// startEar connects and waits for the first block. The library gives the server
// a second for each answer, which a busy machine can exceed, so it is tried again.
func startEar(ctx context.Context, o *Options, s *sound, epoch time.Time) (*ear, error) {
	var err error
	for range earTries {
		e := &ear{
			epoch: epoch, delay: o.AudioDelay, clock: programme.NewPCMClock(0), first: make(chan struct{}),
		}
		if err = e.connect(ctx, s); err == nil {
			return e, nil
		}
		if e.client != nil {
			e.client.Close()
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("record pulseaudio: %w", err)
}

func (e *ear) connect(ctx context.Context, s *sound) (err error) {
	e.client, err = pulse.NewClient(pulse.ClientServerString(s.server()), pulse.ClientApplicationName("ffegress"))
	if err != nil {
		return err
	}
	source, err := e.client.SourceByID(sinkName + ".monitor")
	if err != nil {
		return fmt.Errorf("find monitor: %w", err)
	}
	stream, err := e.client.NewRecord(pulse.Int16Writer(e.hear),
		pulse.RecordSource(source),
		pulse.RecordStereo,
		pulse.RecordSampleRate(programme.SampleRate),
		pulse.RecordMediaName("recording"),
		pulse.RecordRawOption(func(r *pulseproto.CreateRecordStream) {
			// Without the latency asked for, an idle sink renders in large blocks.
			r.BufferFragSize = fragmentBytes
			r.AdjustLatency = true
		}))
	if err != nil {
		return err
	}
	stream.Start()
	timer := time.NewTimer(firstBlockWait)
	defer timer.Stop()
	select {
	case <-e.first:
		return nil
	case <-timer.C:
		return errStalled
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hear takes one block on the connection's goroutine.
func (e *ear) hear(pcm []int16) (int, error) {
	arrival := time.Since(e.epoch)
	if e.seen.Add(1) == 1 {
		close(e.first)
	}
	n := len(pcm) / programme.Channels
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.line == nil {
		e.clock.Observe(n, arrival)
		return len(pcm), nil
	}
	at, adjust := e.clock.Place(n, arrival)
	e.line.Write(at, programme.AdjustPCM(pcm, adjust))
	return len(pcm), nil
}

// setDelay changes by how much sound is placed later, from the next begin on.
func (e *ear) setDelay(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.delay = d
}

// begin has sound placed from zero on.
func (e *ear) begin(line *programme.AudioLine, zero time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clock.Begin(zero - e.delay)
	e.line = line
}

// pause ends the placing.
func (e *ear) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.line != nil {
		e.line.Close()
		e.line = nil
		e.clock = programme.NewPCMClock(0)
	}
}

func (e *ear) stop() {
	e.pause()
	e.client.Close()
}
