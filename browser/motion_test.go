package browser

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// motionPage changes the whole screen at every other of Chromium's ticks: 16
// columns are the bits of a counter.
const motionPage = `<!doctype html><title>motion</title><body style="margin:0"><canvas width=640 height=360></canvas>
<script>
const c = document.querySelector("canvas").getContext("2d");
let n = 0;
function tick() {
	if (n++ % 2 == 0) {
		for (let bit = 0; bit < 16; bit++) {
			c.fillStyle = (n / 2 >> bit) & 1 ? "#fff" : "#000";
			c.fillRect(bit * 40, 0, 40, 360);
		}
	}
	requestAnimationFrame(tick);
}
tick();
</script>`

// counter collects the numbers seen, from the picture of a slot on.
type counter struct {
	from, want int64
	seen       map[int]bool
	enough     chan struct{}
}

func (k *counter) VideoFrame(n int64, f *programme.Frame, _ bool) {
	if n >= k.from && n < k.want {
		k.seen[number(f.Pix)] = true
	}
	if n == k.want {
		close(k.enough)
	}
}

func (k *counter) AudioBlock(int64, []int16) {}
func (k *counter) End(int64, int64)          {}

func number(pix []byte) (n int) {
	for bit := range 16 {
		if pix[180*640+bit*40+20] > 125 {
			n |= 1 << bit
		}
	}
	return n
}

// TestMotion begins captures at any phase against the page's ticks, with
// nothing learned, and expects all its pictures from the second second on.
func TestMotion(t *testing.T) {
	o := testOptions(t)
	o.Audio = false
	b := launch(t, o)
	if err := b.Open(t.Context(), serve(t, motionPage), false); err != nil {
		t.Fatal(err)
	}
	await(t, "start", b.Started())
	for start := range 6 {
		// A busy machine makes Chromium itself miss ticks: what it has drawn is
		// counted, and each phase has three tries.
		best := 0.0
		for try := 0; try < 3 && best < 29.5; try++ {
			best = max(best, motion(t, b, start))
		}
		if best < 29.5 {
			t.Errorf("start %d: %.2f pictures per second", start, best)
		}
	}
}

// motion records three seconds and gives the rate of the pictures in the last
// two of them, of 30 drawn in a second.
func motion(t *testing.T, b *Browser, start int) float64 {
	t.Helper()
	const from, to = 30, 90
	p := programme.New(programme.Format{Width: b.o.Width, Height: b.o.Height, FPS: b.o.FPS, Video: true}, programme.Options{Patience: Patience(b.o.FPS)})
	k := &counter{from: from, want: to, seen: map[int]bool{}, enough: make(chan struct{})}
	p.Attach(k)
	period := b.grab.line.FrameTime(1)
	g := b.grab
	g.mu.Lock()
	g.phase.changes = g.phase.changes[:0]
	g.mu.Unlock()
	at := time.Since(b.epoch).Truncate(period) + period*time.Duration(6+start)/6
	var zero time.Time
	g.begin(p, at, func(z time.Duration) {
		zero = b.epoch.Add(z)
		p.Start(zero)
	})
	await(t, "pictures", k.enough)
	b.StopCapture()
	p.Stop(time.Now())
	await(t, "end", p.Done())
	await(t, "end of the capture", g.take.ended)
	first, last := 1<<16, 0
	for n := range k.seen {
		first, last = min(first, n), max(last, n)
	}
	rate := 30 * float64(len(k.seen)) / min(to-from, float64(last-first+1))
	t.Logf("start %d: shift %v, %d of the pictures %d to %d: %.2f", start, g.take.shift, len(k.seen), first, last, rate)
	return rate
}

// TestStill expects that a picture that does not change is no repeat, and that
// no shared memory outlives the browser.
func TestStill(t *testing.T) {
	o := testOptions(t)
	o.Audio = false
	b := launch(t, o)
	if err := b.Open(t.Context(), serve(t, `<body style="background:#00f">still`), false); err != nil {
		t.Fatal(err)
	}
	await(t, "start", b.Started())
	if found := marked(t, os.Getpid()); found == 0 {
		t.Error("no shared memory of ours is marked for removal")
	}
	p := programme.New(programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: true}, programme.Options{Patience: Patience(o.FPS)})
	k := &taker{want: 45, enough: make(chan struct{}), ended: make(chan struct{})}
	p.Attach(k)
	zero, err := b.Capture(p)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "frames", k.enough)
	b.StopCapture()
	p.Stop(zero.Add(time.Second))
	await(t, "end", k.ended)
	taken := b.grab.take
	await(t, "end of the capture", taken.ended)
	if taken.counts.unchanged < taken.counts.pictures*3/4 || k.repeats > taken.counts.skipped {
		t.Errorf("%+v, and %d repeats", taken.counts, k.repeats)
	}
	if made := p.Frames().Made(); made > 12 {
		t.Errorf("%d buffers for pictures that were the same", made)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if found := marked(t, os.Getpid()); found != 0 {
		t.Errorf("%d segments are left", found)
	}
}

// marked counts the shared memory that a process made, all of which must be
// marked for removal (SHM_DEST, 01000).
func marked(t *testing.T, pid int) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 7 || f[4] != strconv.Itoa(pid) {
			continue
		}
		n++
		if mode, err := strconv.ParseUint(f[2], 8, 32); err != nil || mode&0o1000 == 0 {
			t.Errorf("a segment is not marked for removal: %s", line)
		}
	}
	return n
}
