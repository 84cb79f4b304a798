package outputs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

// streamTry is one session with a server: the child that sends, and for RTMP the link between it and the server.
type streamTry struct {
	stream *Stream
	sender *ffpipe.Sender
	link   *rtmpLink // nil for SRT
	sub    *Subscription

	writing atomic.Int64 // since when a fragment waits for the child, unix ns; 0 = none does
}

// try sends until the end (nil) or until something breaks (*StreamError), and tells for how long the server took it.
func (s *Stream) try(ctx context.Context) (taken time.Duration, err error) {
	redact := ffpipe.NewRedactor(s.URL.Secrets()...)
	t := &streamTry{stream: s}
	o := ffpipe.SenderOptions{Format: ffpipe.MPEGTS, URL: "srt://" + s.URL.Address, Options: s.URL.SRTOption, Redact: redact}
	if s.URL.Protocol == RTMP {
		conn, tcp, err := dialStream(ctx, s.URL, s.Roots)
		if err != nil {
			return 0, err
		}
		if t.link, err = newRTMPLink(conn, tcp, redact); err != nil {
			return 0, &StreamError{FaultChild, err}
		}
		defer t.link.hangUp()
		o.Format, o.URL = ffpipe.FLV, "rtmp://"+t.link.address()+"/"
		o.Options = map[string]string{"rtmp_app": s.URL.App, "rtmp_playpath": s.URL.Key, "rtmp_tcurl": s.URL.TCURL}
	}
	if t.sender, err = ffpipe.StartSender(s.FFmpeg, o, s.Log); err != nil {
		return 0, &StreamError{FaultChild, err}
	}
	s.pid.Store(int64(t.sender.Proc().PID()))
	defer s.pid.Store(0)
	// Now, and not before the dialling: the server gets the newest that there is.
	t.sub = s.Hub.Subscribe(s.name(), Live{s.MaxQueue})
	taken, err = t.run(ctx)
	t.sub.Close()
	dropped := t.sub.Dropped()
	s.change(func(st *StreamState) { st.Dropped += dropped })
	s.Log.Info("stream session ended", "taken", taken, "droppedFragments", dropped)
	return taken, err
}

// run is the session's life. Nothing of it is left when it returns.
func (t *streamTry) run(parent context.Context) (time.Duration, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	defer context.AfterFunc(t.stream.leaving, t.sub.Close)()
	fed, linked := make(chan error, 1), make(chan error, 1)
	go func() { fed <- t.feed(ctx) }()
	if t.link != nil {
		go func() { linked <- t.link.run(ctx) }()
	} else {
		linked = nil
	}
	tick := time.NewTicker(linkTick)
	defer tick.Stop()
	var (
		end      streamEnd
		since    time.Time
		accepted = t.accepted()
		gone     = t.sender.Proc().Done()
		done     = ctx.Done()
		drained  <-chan time.Time
	)
	fail := func(err error) {
		if end.failure == nil {
			end.failure = err
		}
		t.sender.Proc().Kill()
	}
	take := func() {
		since, accepted = time.Now(), nil
		t.stream.taken()
	}
	for fed != nil || linked != nil || gone != nil {
		select {
		case err := <-fed:
			fed = nil
			if end.over = err == nil; end.over {
				drained = time.After(streamDrain)
			}
		case err := <-linked:
			linked = nil
			// A child that died before it connected tells more itself.
			if err != nil && !(gone == nil && errors.Is(err, errNoChild)) {
				fail(err)
			}
		case <-accepted:
			take()
		case <-gone:
			gone = nil
			t.sub.Close() // there is nobody to feed
			if t.link != nil {
				_ = t.link.listen.Close() // nor to wait for
			}
		case <-drained:
			t.stream.Log.Warn("server is too slow for the rest of the stream")
			t.sender.Proc().Kill()
		case <-done:
			done = nil
			t.sender.Proc().Kill()
		case now := <-tick.C:
			switch {
			case t.link != nil:
			case since.IsZero() && t.sender.Progress().TotalSize > 0:
				take()
			case t.stuck(now):
				fail(&StreamError{FaultStalled, fmt.Errorf("nothing taken for %v", stallLimit)})
			}
		}
	}
	end.exit = t.sender.Close()
	taken := time.Duration(0)
	if !since.IsZero() {
		taken = time.Since(since)
	}
	return taken, end.verdict(taken > 0, t.link != nil)
}

// accepted is closed when the RTMP server takes the stream; nil for SRT, where ffmpeg's progress tells.
func (t *streamTry) accepted() <-chan struct{} {
	if t.link == nil {
		return nil
	}
	return t.link.taken
}

// feed hands fragments to the child and closes its input after the last. nil = there are no more.
func (t *streamTry) feed(ctx context.Context) error {
	defer t.sender.CloseInput()
	for {
		f, err := t.sub.Next(ctx)
		if errors.Is(err, ErrUnsubscribed) && t.stream.leaving.Err() == nil {
			return err
		}
		if err != nil { // the end of the hub, of leaving or of ctx
			return nil
		}
		t.writing.Store(time.Now().UnixNano())
		_, err = t.sender.Input().Write(f.Data)
		t.writing.Store(0)
		if err != nil {
			return err
		}
	}
}

// stuck is whether the child has taken nothing for too long.
func (t *streamTry) stuck(now time.Time) bool {
	since := t.writing.Load()
	return since != 0 && now.Sub(time.Unix(0, since)) >= stallLimit
}

// streamEnd is what is known when a session has ended.
type streamEnd struct {
	over    bool  // everything was handed to the child
	failure error // why we ended it
	exit    error // the child's
}

// verdict names the cause. Of a link's and a child's errors the link's tells more.
func (e streamEnd) verdict(taken, link bool) error {
	switch {
	case e.failure != nil:
		return e.failure
	case e.over && (e.exit == nil || taken):
		return nil
	case e.exit != nil && link:
		return &StreamError{FaultChild, e.exit}
	case e.exit != nil:
		return srtError(e.exit, taken)
	}
	return &StreamError{FaultChild, errors.New("it ended before the stream")}
}

// srtRejected is how libsrt says that the server does not want the stream.
const srtRejected = "REJECT reported"

// srtError reads what ffmpeg and libsrt say of a lost SRT connection.
func srtError(exit error, taken bool) error {
	if taken {
		return &StreamError{FaultClosed, exit}
	}
	if e := ffpipe.ErrorOf(exit); e != nil {
		for _, line := range e.Tail {
			if _, why, ok := strings.Cut(line, srtRejected); ok {
				_, why, _ = strings.Cut(why, ": ")
				return &StreamError{FaultRejected, errors.New(why)}
			}
		}
	}
	return &StreamError{FaultConnect, exit}
}
