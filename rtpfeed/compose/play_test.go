package compose

import (
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/rtpfeed"
)

// player sends units to a sink as they would arrive.
type player struct {
	sink  rtpfeed.Sink
	units []rtpfeed.Unit
	rate  int // RTP clock
	delay time.Duration
	start time.Duration                     // after the test's start: when unit 0 is sent
	lose  func(n int) bool                  // packets that never come
	each  func(n int, now time.Duration)    // before unit n
	ppm   float64                           // by how much the sender is faster
	sr    func(k int) (time.Duration, bool) // when the k-th report is sent
}

// run plays everything and returns.
func (p *player) run(began time.Time) {
	lost, reports := 0, 0
	first := p.units[0].Timestamp
	for n, u := range p.units {
		media := time.Duration(u.Timestamp-first) * time.Second / time.Duration(p.rate)
		sent := p.start + time.Duration(float64(media)*(1-p.ppm*1e-6))
		wait(began.Add(sent + p.delay))
		if p.each != nil {
			p.each(n, sent)
		}
		if p.sr != nil {
			if at, ok := p.sr(reports); ok && at <= sent {
				reports++
				p.sink.Report(rtpfeed.Report{NTP: ntp(began.Add(sent)), RTP: u.Timestamp, Arrived: time.Now()})
			}
		}
		if p.lose != nil && p.lose(n) {
			lost++
			continue
		}
		u.Arrived, u.Lost, lost = time.Now(), lost, 0
		p.sink.Unit(u)
	}
}

func wait(until time.Time) {
	timer := time.NewTimer(time.Until(until))
	<-timer.C
}

func ntp(at time.Time) uint64 {
	d := at.UnixNano()
	return uint64(d/1e9+2208988800)<<32 | uint64(d%1e9)<<32/1e9
}

// every gives reports at a distance from a moment on.
func every(first, period time.Duration) func(int) (time.Duration, bool) {
	return func(k int) (time.Duration, bool) { return first + time.Duration(k)*period, true }
}

// studio is a stage with its programme and a screen.
type studio struct {
	stage     *Stage
	programme *programme.Programme
	screen    *screen
	began     time.Time
	zero      time.Time
}

func newStudio(t *testing.T, f programme.Format, live bool, patience time.Duration) *studio {
	t.Helper()
	s := &studio{
		stage:     New(Options{Format: f, FFmpeg: "ffmpeg", Live: live, Patience: patience}),
		programme: programme.New(f, programme.Options{}),
		screen:    &screen{format: f, full: card.Rect{X1: f.Width, Y1: f.Height}},
		began:     time.Now(),
	}
	s.programme.Attach(s.screen)
	return s
}

func audioFormat() programme.Format { return programme.Format{FPS: 30, Audio: true} }

func videoFormat() programme.Format {
	return programme.Format{Width: 320, Height: 180, FPS: 30, Audio: true, Video: true}
}

func opusTrack(identity string) rtpfeed.Track {
	return rtpfeed.Track{SID: "TR_" + identity, Identity: identity, Codec: rtpfeed.Opus, ClockRate: 48000, Channels: 2}
}

// opening is when the players begin, and flash when the first flash and beep are due in what they play.
const (
	opening = 20 * time.Millisecond
	flash   = time.Second * cardPhase / cardFPS
)

// flash is where the first flash and beep stand in what is recorded: a busy machine begins a little late, and what is
// recorded begins with its first packet.
func (s *studio) flash() time.Duration { return flash - s.zero.Sub(s.began.Add(opening)) }

// begin waits for the first media and starts the programme.
func (s *studio) begin(t *testing.T) {
	t.Helper()
	select {
	case <-s.stage.First():
	case <-time.After(30 * time.Second):
		t.Fatal("no media")
	}
	var err error
	if s.zero, err = s.stage.Begin(s.programme); err != nil {
		t.Fatal(err)
	}
}

// end stops everything and waits until it has been emitted.
func (s *studio) end(t *testing.T) {
	t.Helper()
	end := time.Now()
	s.programme.Stop(end)
	select {
	case <-s.programme.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("the programme does not end")
	}
	s.stage.Close()
	if f := s.screen.format; f.Audio {
		if off := f.Timeline().SampleTime(s.screen.total.Sample) - end.Sub(s.zero); off.Abs() > 50*time.Millisecond {
			t.Errorf("%v recorded of %v", f.Timeline().SampleTime(s.screen.total.Sample), end.Sub(s.zero))
		}
	}
}
