package compose

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/nut"
	"github.com/ffegress/ffegress/rtpfeed"
	"github.com/ffegress/ffegress/rtpfeed/clock"
)

// childWait bounds how long a decoder may take to end once its input is closed.
const childWait = 5 * time.Second

// child is one run of a decoder. Its timestamps are ticks of one clock, in microseconds: whatever the decoder swallows,
// what comes out has its own.
type child struct {
	decoder *ffpipe.Decoder
	codec   rtpfeed.Codec
	clock   *clock.Track
	file    feedFile
	done    chan struct{} // closed to end it
	read    chan struct{} // closed when the output has ended
	// The timestamps of what it was fed last and of what came out of it last.
	fed, got atomic.Int64
}

// startChild starts a decoder and writes the header, so that it has set up everything when the first keyframe comes.
func (s *Stage) startChild(p *picture, t rtpfeed.Track, c *clock.Track) (*child, error) {
	f := s.o.Format
	d, err := ffpipe.StartDecoder(s.o.FFmpeg, ffpipe.DecoderOptions{
		Width: f.Width, Height: f.Height, BT601: t.Codec == rtpfeed.VP8,
	}, s.log)
	if err != nil {
		return nil, err
	}
	k := &child{decoder: d, codec: t.Codec, clock: c, file: feedFile{w: d.Input(), codec: t.Codec}, done: make(chan struct{}), read: make(chan struct{})}
	s.mu.Lock()
	s.stats.Decoders++
	s.children[k] = true
	s.mu.Unlock()
	s.wg.Go(func() {
		defer close(k.read)
		s.receive(p, k)
	})
	s.wg.Go(func() { k.watch(s) })
	if err := k.file.header(t.Width, t.Height); err != nil {
		k.finish()
		return nil, err
	}
	return k, nil
}

// watch ends the decoder when it is told to: its output is read meanwhile.
func (k *child) watch(s *Stage) {
	select {
	case <-k.done:
	case <-s.stop:
	case <-k.read:
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), childWait)
	defer cancel()
	_ = k.decoder.Stop(ctx) // Close tells how it ended
}

// receive hands the decoder's pictures over, until it ends.
func (s *Stage) receive(p *picture, k *child) {
	r := nut.NewReader(k.decoder.Output())
	var err error
	for err == nil {
		err = s.receiveOne(p, k, r)
	}
	select {
	case <-k.decoder.Proc().Done():
	case <-time.After(childWait):
	}
	closeErr := k.decoder.Close()
	died := closeErr != nil || !errors.Is(err, io.EOF)
	if died {
		s.log.Debug("decoder ended", "codec", k.codec, "error", closeErr, "read", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.children, k)
	if died {
		s.stats.DecoderDeaths++
	}
}

func (s *Stage) receiveOne(p *picture, k *child, r *nut.Reader) error {
	head, err := r.Next()
	if err != nil {
		return err
	}
	f := s.programme.Frames().Get()
	if err := r.Read(head, f.Pix); err != nil {
		f.Release()
		return err
	}
	k.got.Store(head.Time().Microseconds())
	p.show(f, k.clock, ticksOf(head.Time(), k.clock.Rate()))
	return nil
}

// write feeds a unit.
func (k *child) write(e *entry) error {
	us := micros(e.ticks, k.clock.Rate())
	k.fed.Store(us)
	return k.file.frame(&e.unit, us)
}

// dead tells that the decoder has ended by itself.
func (k *child) dead() bool {
	select {
	case <-k.decoder.Proc().Done():
		return true
	default:
		return false
	}
}

func (k *child) err() error { return k.decoder.Proc().Err() }

// finish has the decoder give what it has and end. It is called once.
func (k *child) finish() { close(k.done) }

// micros is ticks in microseconds, rounded down; ticksOf is the exact reverse for rates below 500 kHz.
func micros(ticks, rate int64) int64 {
	ticks = max(ticks, 0)
	return ticks/rate*1e6 + ticks%rate*1e6/rate
}

func ticksOf(d time.Duration, rate int64) int64 {
	us := int64(d / time.Microsecond)
	s, rest := us/1e6, us%1e6
	return s*rate + (rest*rate+1e6-1)/1e6
}
