package browser

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/ffpipe/programme"
)

const (
	// grabPipe holds a third of a 1080p frame; more gained nothing.
	grabPipe = 1 << 20
	// warmFrames is after how many frames the grab's phase is known well enough.
	warmFrames = 5
)

// grabArgs reads the screen and writes I420 in BT.709 limited range.
func grabArgs(o *Options, display string) []string {
	in := ffmpeg.KwArgs{
		"format":     "x11grab",
		"video_size": fmt.Sprintf("%dx%d", o.Width, o.Height),
		"framerate":  o.FPS,
		"draw_mouse": 0,
		// There is nothing to find out about a screen.
		"probesize":       32,
		"analyzeduration": 0,
	}
	out := ffmpeg.KwArgs{
		"format":  "rawvideo",
		"pix_fmt": "yuv420p",
		// swscale's own choice would be BT.601. Bilinear is enough to halve the
		// chroma, and the cheapest that does not shift it.
		"vf":       "scale=out_color_matrix=bt709:out_range=tv:flags=fast_bilinear,format=yuv420p",
		"fps_mode": "passthrough", // the frame's number is its time; none may be added or dropped
		// Frames of a burst would have equal times in units of a frame, and a
		// warning each.
		"enc_time_base": "1:1000000",
		"threads":       1,
		// Or the tail of each frame waits for the next one.
		"flush_packets": 1,
	}
	args := ffmpeg.Input(display, in).Output("pipe:1", out).GetArgs()
	return append([]string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning"}, args...)
}

// grab is the child that reads the screen, and the goroutine that reads it. It
// runs, warm, from the loading of the page on.
type grab struct {
	proc  *ffpipe.Proc
	out   *os.File
	epoch time.Time
	fps   int
	bytes int
	ended chan struct{} // the reader is gone
	warm  chan struct{} // enough frames were seen to begin
	seen  atomic.Int64  // frames read

	mu    sync.Mutex
	clock *programme.GrabClock
	video *programme.VideoSlot // nil while not capturing
	pool  *programme.FramePool
}

func startGrab(o *Options, dir string, d *display, epoch time.Time) (*grab, error) {
	r, w, err := ffpipe.Pipe(grabPipe)
	if err != nil {
		return nil, err
	}
	proc, err := ffpipe.Start(ffpipe.Command{
		Name:   "grab",
		Path:   o.FFmpeg,
		Args:   grabArgs(o, d.name()),
		Env:    baseEnv(dir, "DISPLAY="+d.name(), "XAUTHORITY="+d.cookie),
		Stdout: w,
		Log:    o.Log,
	})
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	f := programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: true}
	g := &grab{
		proc: proc, out: r, epoch: epoch, fps: o.FPS, bytes: f.FrameBytes(),
		ended: make(chan struct{}), warm: make(chan struct{}),
		clock: programme.NewGrabClock(o.FPS),
	}
	go g.read()
	return g, nil
}

// read takes every frame, also those that nobody wants: a grab that is not
// read falls behind and then has old pictures.
func (g *grab) read() {
	defer close(g.ended)
	unwanted := make([]byte, g.bytes)
	for index := int64(0); ; index++ {
		var frame *programme.Frame
		pix := unwanted
		if pool := g.framePool(); pool != nil {
			frame = pool.Get()
			pix = frame.Pix
		}
		if _, err := io.ReadFull(g.out, pix); err != nil {
			if frame != nil {
				frame.Release()
			}
			return
		}
		g.place(index, time.Since(g.epoch), frame, unwanted)
		if g.seen.Add(1) == warmFrames {
			close(g.warm)
		}
	}
}

func (g *grab) framePool() *programme.FramePool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pool
}

// place hands one frame over. frame is nil when it was read into unwanted.
func (g *grab) place(index int64, arrival time.Duration, frame *programme.Frame, unwanted []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.video == nil {
		g.clock.Observe(index, arrival)
		if frame != nil {
			frame.Release()
		}
		return
	}
	slot, ok := g.clock.Place(index, arrival)
	if frame == nil && ok && slot >= 0 {
		// Capture began while it was on its way.
		frame = g.pool.Get()
		copy(frame.Pix, unwanted)
	}
	switch {
	case frame == nil:
	case ok && slot >= 0:
		g.video.Put(slot, frame)
	default:
		frame.Release()
	}
}

// begin sets the timeline's zero on the grab's own grid, at or after at, and
// has frames placed from there on. start is called in between with that zero.
func (g *grab) begin(p *programme.Programme, at time.Duration, start func(zero time.Duration)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	zero, _ := g.clock.Begin(at)
	start(zero)
	g.video, g.pool = p.Video(), p.Frames()
}

// pause ends the placing; the grab goes on unwanted.
func (g *grab) pause() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.video != nil {
		g.video, g.pool = nil, nil
		g.clock = programme.NewGrabClock(g.fps)
	}
}

// stop ends the child and the reader.
func (g *grab) stop() {
	g.pause()
	g.proc.Kill()
	<-g.proc.Done()
	_ = g.out.Close()
	<-g.ended
}
