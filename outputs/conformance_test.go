package outputs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/ffpipe/workfile"
)

// A specimen is an output under the suite: where it takes its media from, on
// which disk it writes, in which folders.
type specimen struct {
	hub     *Hub
	picture *playback
	fs      workfile.FS
	queue   int64  // bytes or pieces that may wait; 0 = the output's own
	work    string // there
	target  string // not there yet

	// Of outputs that send and store nothing.
	sends  *servers      // nil = it stores
	url    string        // of a server that takes everything
	window time.Duration // for which a lost server is tried again; 0 = the output's own
}

// servers are those that an output sends to.
type servers struct {
	takes  func(*testing.T) string // everything
	silent func(*testing.T) string // answers nothing, or reads nothing
	gone   func(*testing.T) string // is not there, or not for long
}

// playback hands a second of pictures and silence to whoever takes them from the programme.
type playback struct {
	format    programme.Format
	pool      *programme.FramePool
	consumers []programme.Consumer
	samples   int64 // handed out
}

func (p *playback) Attach(c programme.Consumer) { p.consumers = append(p.consumers, c) }

func (p *playback) Format() programme.Format { return p.format }

// play is a second of media in the hub and in the programme.
func (s *specimen) play(t *testing.T) {
	t.Helper()
	if err := s.hub.Run(bytes.NewReader(testdata(t, "av44.mp4")), s.hub.End()); err != nil {
		t.Fatal(err)
	}
	for n := range int64(s.picture.format.FPS) {
		f := s.picture.pool.Get()
		s.picture.format.Black(f.Pix)
		for _, c := range s.picture.consumers {
			c.VideoFrame(n, f, false)
			c.AudioBlock(s.picture.samples, make([]int16, 1600*programme.Channels))
		}
		s.picture.samples += 1600
		f.Release()
	}
}

// until waits for ok. For those who send, media goes on meanwhile: they look at
// some of it before they send.
func (s *specimen) until(t *testing.T, ok func() bool) {
	t.Helper()
	waitFor(t, "something to be made", func() bool {
		if s.sends != nil {
			s.play(t)
		}
		return ok()
	})
}

// end is the programme's end.
func (s *specimen) end() {
	s.hub.Close(nil)
	for _, c := range s.picture.consumers {
		c.End(int64(s.picture.format.FPS), 0)
	}
}

// kinds are all outputs that there are.
var kinds = []struct {
	name   string
	create func(s *specimen) Output
	sends  *servers
}{
	{name: "file", create: func(s *specimen) Output {
		return &File{
			Hub: s.hub, FFmpeg: "/usr/bin/ffmpeg", FS: s.fs, MaxQueue: s.queue,
			Work: filepath.Join(s.work, "w.mp4"), Target: filepath.Join(s.target, "out.mp4"),
		}
	}},
	{name: "segments TS", create: func(s *specimen) Output {
		o := s.segments(SegmentNames{Playlist: "list.m3u8", Prefix: "s"})
		o.FFmpeg = "/usr/bin/ffmpeg"
		return o
	}},
	{name: "segments fMP4", create: func(s *specimen) Output {
		o := s.segments(SegmentNames{Playlist: "x/list.m3u8", Live: "x/live.m3u8", Prefix: "y/s"})
		o.FMP4 = true
		return o
	}},
	{name: "images", create: func(s *specimen) Output {
		return &Images{
			Programme: s.picture, FS: s.fs, Deliver: LocalDeliver{Prefix: s.target, FS: s.fs},
			Work: filepath.Join(s.work, "images"), Prefix: "a/i", Interval: 1,
		}
	}},
	{name: "stream", create: func(s *specimen) Output {
		return &Stream{Hub: s.hub, FFmpeg: "/usr/bin/ffmpeg", URL: s.parsed(), MaxQueue: s.queue, Window: s.window}
	}, sends: &servers{
		takes:  func(t *testing.T) string { return newPublishServer(t, nil, nil).url("rtmp") },
		silent: silentServer,
		gone:   func(t *testing.T) string { return "rtmp://" + freePort(t, "tcp") + "/live/key" },
	}},
	{name: "websocket", create: func(s *specimen) Output {
		return &WebSocket{URL: s.url, Programme: s.picture, Window: s.window}
	}, sends: &servers{
		takes:  takingSocket,
		silent: deafSocket,
		gone:   brokenSocket,
	}},
}

func (s *specimen) parsed() StreamURL {
	u, err := ParseStreamURL(s.url)
	if err != nil {
		panic(err) // the test's own
	}
	return u
}

func (s *specimen) segments(names SegmentNames) *Segments {
	return &Segments{
		Hub: s.hub, FS: s.fs, Deliver: LocalDeliver{Prefix: s.target, FS: s.fs}, MaxQueue: s.queue,
		Work: filepath.Join(s.work, "segments"), Names: names, Seconds: 1,
	}
}

// everyKind runs a test for each kind of output.
func everyKind(t *testing.T, test func(t *testing.T, s *specimen, create func() Output)) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			dir := t.TempDir()
			f := programme.Format{Width: 64, Height: 36, FPS: 30, Video: true, Audio: true}
			s := &specimen{
				hub: avHub(), picture: &playback{format: f, pool: programme.NewFramePool(f.FrameBytes())}, fs: workfile.OS(),
				work: filepath.Join(dir, "work"), target: filepath.Join(dir, "a", "b"),
			}
			if err := os.Mkdir(s.work, 0o700); err != nil {
				t.Fatal(err)
			}
			if s.sends = kind.sends; s.sends != nil {
				s.url = s.sends.takes(t)
			}
			test(t, s, func() Output { return kind.create(s) })
		})
	}
}

// files are the regular files below a folder, with their sizes.
func files(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			found[e.Name()] = info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

func begin(t *testing.T, o Output) {
	t.Helper()
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Begin(time.Now())
}

func failedByItself(o Output) bool {
	select {
	case <-o.Done():
		return true
	default:
		return false
	}
}

// finish bounds how long Finish may take.
func finish(t *testing.T, o Output, ctx context.Context) (Result, error) {
	t.Helper()
	type end struct {
		made Result
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		made, err := o.Finish(ctx)
		ended <- end{made, err}
	}()
	select {
	case e := <-ended:
		return e.made, e.err
	case <-time.After(time.Minute):
		t.Fatal("Finish does not end")
		return Result{}, nil
	}
}

func TestOutputMakes(t *testing.T) {
	everyKind(t, func(t *testing.T, s *specimen, create func() Output) {
		o := create()
		begin(t, o)
		s.play(t)
		if s.sends != nil {
			s.until(t, func() bool { return o.Progress().Duration > 0 })
		}
		s.end()
		made, err := finish(t, o, t.Context())
		if err != nil || failedByItself(o) {
			t.Fatalf("%+v, %v, failed by itself: %t", made, err, failedByItself(o))
		}
		if s.sends != nil {
			if made.Duration <= 0 {
				t.Errorf("%+v", made)
			}
			return
		}
		if made.Duration != time.Second || made.Size <= 0 || made.Note != "" {
			t.Errorf("%+v", made)
		}
		if len(files(t, s.target)) == 0 {
			t.Error("nothing is there")
		}
		if left := files(t, s.work); len(left) != 0 {
			t.Errorf("left in the work folder: %v", left)
		}
		if p := o.Progress(); p.Count != made.Count || p.Size == 0 {
			t.Errorf("progress at the end: %+v, made %+v", p, made)
		}
	})
}

// TestOutputNothing: a programme that never began leaves nothing.
func TestOutputNothing(t *testing.T) {
	everyKind(t, func(t *testing.T, s *specimen, create func() Output) {
		o := create()
		if err := o.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.hub.Close(errors.New("the source never opened"))
		made, err := finish(t, o, t.Context())
		if s.sends == nil && !errors.Is(err, ErrNothing) || made != (Result{}) {
			t.Errorf("%+v, %v", made, err)
		}
		if left := files(t, filepath.Dir(s.target)); len(left) != 0 {
			t.Errorf("files: %v", left)
		}
		if left := files(t, s.work); len(left) != 0 {
			t.Errorf("left in the work folder: %v", left)
		}
	})
}

// TestOutputSlow: while one output waits for its disk or its server, the others
// get everything; and what is stored misses nothing itself.
func TestOutputSlow(t *testing.T) {
	everyKind(t, func(t *testing.T, s *specimen, create func() Output) {
		gate := make(chan struct{})
		s.fs = &slowDisk{s.fs, gate}
		if s.sends != nil {
			s.url = s.sends.silent(t)
		}
		o := create()
		begin(t, o)
		other := s.hub.Subscribe("another", Lossless{})
		s.play(t) // returns though the disk does not
		s.end()
		if n := len(drain(t, other, io.EOF)); n != 6 {
			t.Errorf("another subscriber got %d of 6 fragments", n)
		}
		close(gate)
		made, err := finish(t, o, t.Context())
		if s.sends != nil {
			return // nobody took it; Finish has not waited for ever
		}
		if err != nil || made.Duration != time.Second {
			t.Errorf("%+v, %v", made, err)
		}
	})
}

// silentServer takes connections and says nothing.
func silentServer(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the kernel takes them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return "rtmp://" + ln.Addr().String() + "/live/key"
}

// TestOutputFails: a full disk, or a server that is not there, ends this output,
// with what fitted, and no other.
func TestOutputFails(t *testing.T) {
	everyKind(t, func(t *testing.T, s *specimen, create func() Output) {
		s.fs = &fullDisk{s.fs, 300}
		if s.sends != nil {
			s.url, s.window = s.sends.gone(t), time.Millisecond
		}
		o := create()
		begin(t, o)
		other := s.hub.Subscribe("another", Lossless{})
		s.play(t)
		select {
		case <-o.Done():
		case <-time.After(time.Minute):
			t.Fatal("it does not notice")
		}
		s.end()
		if n := len(drain(t, other, io.EOF)); n != 6 {
			t.Errorf("another subscriber got %d of 6 fragments", n)
		}
		made, err := finish(t, o, t.Context())
		if s.sends != nil && err == nil || s.sends == nil && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%+v, %v", made, err)
		}
	})
}

// TestOutputRemoved: an output may be finished while the programme goes on.
func TestOutputRemoved(t *testing.T) {
	everyKind(t, func(t *testing.T, s *specimen, create func() Output) {
		o := create()
		begin(t, o)
		other := s.hub.Subscribe("another", Lossless{})
		s.play(t)
		s.until(t, func() bool { return o.Progress().Size > 0 || o.Progress().Duration > 0 })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if made, err := finish(t, o, ctx); err != nil || made.Size == 0 && made.Duration == 0 {
			t.Errorf("%+v, %v", made, err)
		}
		s.end()
		if n, all := int64(len(drain(t, other, io.EOF))), s.hub.Stats().Fragments; n != all {
			t.Errorf("another subscriber got %d of %d fragments", n, all)
		}
	})
}

// TestOutputFolder: where no folder can be made, Start tells.
func TestOutputFolder(t *testing.T) {
	everyKind(t, func(t *testing.T, s *specimen, create func() Output) {
		if s.sends != nil { // into no folder
			return
		}
		for _, folder := range []string{s.work, filepath.Dir(s.target)} {
			if err := errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		if err := create().Start(t.Context()); err == nil {
			t.Error("a file stands where the folder should be")
		}
	})
}
