package browser

import (
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

// ear reads the sink's monitor. It runs from the launch on, so
// that the clock's phase is known when it counts.
type ear struct {
	client *pulse.Client
	stream *pulse.RecordStream
	epoch  time.Time
	delay  time.Duration
	seen   atomic.Int64 // blocks read

	mu    sync.Mutex
	clock *programme.PCMClock
	line  *programme.AudioLine // nil while not capturing
}

func startEar(o *Options, s *sound, epoch time.Time) (*ear, error) {
	e := &ear{epoch: epoch, delay: o.AudioDelay, clock: programme.NewPCMClock(o.AudioDelay)}
	client, err := pulse.NewClient(pulse.ClientServerString(s.server()), pulse.ClientApplicationName("ffegress"))
	if err != nil {
		return nil, fmt.Errorf("connect to pulseaudio: %w", err)
	}
	source, err := client.SourceByID(sinkName + ".monitor")
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("find monitor: %w", err)
	}
	e.client = client
	e.stream, err = client.NewRecord(pulse.Int16Writer(e.hear),
		pulse.RecordSource(source),
		pulse.RecordStereo,
		pulse.RecordSampleRate(programme.SampleRate),
		pulse.RecordMediaName("recording"),
		pulse.RecordRawOption(func(r *pulseproto.CreateRecordStream) {
			// Without the latency asked for, a sink that nothing plays on
			// renders seconds at a time.
			r.BufferFragSize = fragmentBytes
			r.AdjustLatency = true
		}))
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("record monitor: %w", err)
	}
	e.stream.Start()
	return e, nil
}

// hear takes one block on the connection's goroutine.
func (e *ear) hear(pcm []int16) (int, error) {
	arrival := time.Since(e.epoch)
	e.seen.Add(1)
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

// begin has sound placed from zero on.
func (e *ear) begin(line *programme.AudioLine, zero time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clock.Begin(zero)
	e.line = line
}

// pause ends the placing.
func (e *ear) pause() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.line != nil {
		e.line.Close()
		e.line = nil
		e.clock = programme.NewPCMClock(e.delay)
	}
}

func (e *ear) stop() {
	e.pause()
	e.client.Close()
}
