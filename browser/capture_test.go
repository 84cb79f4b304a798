package browser

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
)

// barsPage shows eight bars and sounds 1 kHz at half amplitude.
const barsPage = `<!doctype html><title>bars</title><body style="margin:0;display:flex;height:100vh">
<script>
for (const c of ["#fff","#ff0","#0ff","#0f0","#f0f","#f00","#00f","#000"]) {
	const d = document.createElement("div");
	d.style.cssText = "flex:1;background:" + c;
	document.body.append(d);
}
const a = new AudioContext();
const o = new OscillatorNode(a, {frequency: 1000}), g = new GainNode(a, {gain: 0.5});
o.connect(g).connect(a.destination);
o.start();
const far = document.createElement("div"); // would need scrollbars
far.style.cssText = "position:absolute;top:3000px;left:3000px;width:1px;height:1px";
document.body.append(far);
const t = setInterval(() => {
	if (a.currentTime < 0.1) return;
	clearInterval(t);
	console.info("audio after", Math.round(performance.now()), "START_RECORDING");
}, 5);
</script>`

// bars are the I420 values of BT.709 in limited range.
var bars = [8][3]int{
	{235, 128, 128}, {219, 16, 138}, {188, 154, 16}, {173, 42, 26},
	{78, 214, 230}, {63, 102, 240}, {32, 240, 118}, {16, 128, 128},
}

type taker struct {
	frames  int64
	repeats int64
	pix     []byte
	pcm     []int16
	enough  chan struct{}
	want    int64
	ended   chan struct{}
}

func (k *taker) VideoFrame(n int64, f *programme.Frame, repeat bool) {
	k.frames++
	if repeat {
		k.repeats++
	}
	if k.frames == k.want {
		k.pix = append([]byte(nil), f.Pix...)
		close(k.enough)
	}
}

func (k *taker) AudioBlock(_ int64, pcm []int16) { k.pcm = append(k.pcm, pcm...) }
func (k *taker) End(frames, samples int64)       { close(k.ended) }

func serve(t *testing.T, page string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, page)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestCapture(t *testing.T) {
	o := testOptions(t)
	o.Console = func(level, text string) { t.Logf("%s: %s", level, text) }
	b := launch(t, o)
	began := time.Now()
	if err := b.Open(t.Context(), serve(t, barsPage), true); err != nil {
		t.Fatal(err)
	}
	t.Logf("opened in %v", time.Since(began))
	await(t, "start signal", b.Started())
	t.Logf("started after %v", time.Since(began))

	p := programme.New(programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: true, Audio: true}, programme.Options{Patience: Patience(o.FPS)})
	k := &taker{want: 60, enough: make(chan struct{}), ended: make(chan struct{})}
	p.Attach(k)
	asked := time.Now()
	zero, err := b.Capture(p)
	if err != nil {
		t.Fatal(err)
	}
	if d := zero.Sub(asked); d < 0 {
		t.Errorf("zero is %v before the call", -d)
	}
	await(t, "frames", k.enough)
	b.StopCapture()
	p.Stop(zero.Add(2 * time.Second))
	await(t, "end", k.ended)
	if err := b.Err(); err != nil {
		t.Error(err)
	}

	if want := o.Width * o.Height * 3 / 2; len(k.pix) != want {
		t.Fatalf("a frame has %d bytes, want %d", len(k.pix), want)
	}
	if path := os.Getenv("FFEGRESS_TEST_FRAME"); path != "" {
		if err := os.WriteFile(path, k.pix, 0o600); err != nil {
			t.Error(err)
		}
	}
	checkBars(t, k.pix, o.Width, o.Height)
	if path := os.Getenv("FFEGRESS_TEST_PCM"); path != "" {
		buf := make([]byte, 0, len(k.pcm)*2)
		for _, s := range k.pcm {
			buf = append(buf, byte(s), byte(uint16(s)>>8))
		}
		_ = os.WriteFile(path, buf, 0o600)
	}
	checkTone(t, k.pcm)
	t.Logf("%d frames, %d repeats, %d samples", k.frames, k.repeats, len(k.pcm)/2)
}

// checkBars looks at every pixel but those next to an edge of a bar, so that
// anything of a window, cursor or bubble is seen.
func checkBars(t *testing.T, pix []byte, w, h int) {
	t.Helper()
	luma, u, v := pix[:w*h], pix[w*h:w*h*5/4], pix[w*h*5/4:]
	wrong, worst := 0, 0
	check := func(x, y int, plane string, got byte, want int) {
		diff := int(math.Abs(float64(int(got) - want)))
		worst = max(worst, diff)
		if diff > 4 {
			if wrong++; wrong <= 5 {
				t.Errorf("pixel %d,%d: %s is %d, want %d", x, y, plane, got, want)
			}
		}
	}
	for y := range h {
		for x := range w {
			bar := x * 8 / w
			if edge := x - bar*w/8; edge < 4 && bar > 0 || w/8-edge <= 4 && bar < 7 {
				continue
			}
			check(x, y, "Y", luma[y*w+x], bars[bar][0])
			check(x, y, "U", u[y/2*(w/2)+x/2], bars[bar][1])
			check(x, y, "V", v[y/2*(w/2)+x/2], bars[bar][2])
		}
	}
	t.Logf("%d pixel values are wrong, the worst by %d", wrong, worst)
}

// checkTone counts the blocks of 10 ms that are a pure 1 kHz of the right
// loudness. A busy machine makes Chromium miss some; a wrong rate, channel or
// format, or holes between blocks, leaves next to none.
func checkTone(t *testing.T, pcm []int16) {
	t.Helper()
	const block = programme.SampleRate / 100
	from, to := 50*block, 150*block
	if len(pcm)/2 < to {
		t.Fatalf("only %d samples", len(pcm)/2)
	}
	for ch := range 2 {
		pure := 0
		for at := from; at < to; at += block {
			var energy, re, im float64
			for i := range block {
				s := float64(pcm[2*(at+i)+ch])
				a := 2 * math.Pi * 1000 * float64(i) / programme.SampleRate
				energy += s * s
				re += s * math.Cos(a)
				im += s * math.Sin(a)
			}
			rms := math.Sqrt(energy / block)
			if share := 2 * (re*re + im*im) / block / energy; share > 0.99 && rms > 11000 && rms < 12200 {
				pure++
			}
		}
		t.Logf("channel %d: %d of 100 blocks are pure", ch, pure)
		if pure < 60 {
			t.Errorf("channel %d: only %d of 100 blocks are a pure tone", ch, pure)
		}
	}
}

// TestSizes expects the bars of displays with 16 bits, in which they are exact, too, and of those that are smaller
// than any window.
func TestSizes(t *testing.T) {
	for _, tt := range []struct{ width, height, depth int }{
		{640, 360, 16}, {320, 200, 24}, {96, 64, 24}, {128, 720, 24}, {720, 128, 24},
	} {
		t.Run(fmt.Sprintf("%dx%dx%d", tt.width, tt.height, tt.depth), func(t *testing.T) {
			o := testOptions(t)
			o.Width, o.Height, o.Depth, o.Audio = tt.width, tt.height, tt.depth, false
			b := launch(t, o)
			if err := b.Open(t.Context(), serve(t, barsPage), false); err != nil {
				t.Fatal(err)
			}
			await(t, "start", b.Started())
			p := programme.New(programme.Format{Width: o.Width, Height: o.Height, FPS: o.FPS, Video: true}, programme.Options{Patience: Patience(o.FPS)})
			k := &taker{want: 30, enough: make(chan struct{}), ended: make(chan struct{})}
			p.Attach(k)
			zero, err := b.Capture(p)
			if err != nil {
				t.Fatal(err)
			}
			await(t, "frames", k.enough)
			b.StopCapture()
			p.Stop(zero.Add(time.Second))
			await(t, "end", k.ended)
			checkBars(t, k.pix, o.Width, o.Height)
		})
	}
}
