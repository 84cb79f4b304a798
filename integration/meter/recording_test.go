package meter

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ffegress/ffegress/integration/card"
)

// recording describes a synthetic file with known faults.
type recording struct {
	seconds       int
	width, height int
	tiles         []tile
	soundLateMS   float64            // + = sound late
	dropBeep      [2]int             // participant, second; 0 = none
	dropFlash     [2]int             // participant, second
	gapAt, gapMS  float64            // in the whole sound
	slipAt        int                // samples are lost from this second on
	freezeAt      int                // frame at which freeze frames repeat
	freeze        int                //
	wrongMatrix   bool               // BT.601 numbers tagged as BT.709
	noSound       bool               //
	move          func(n int) []tile // another layout from frame n on
}

type tile struct{ id, x, y, w, h int }

func grid3(w, h int) []tile {
	return []tile{{0, 0, 0, w / 2, h / 2}, {1, w / 2, 0, w / 2, h / 2}, {2, w / 4 &^ 1, h / 2, w / 2, h / 2}}
}

// make writes the file and gives its path.
func (c recording) make(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	pcm := filepath.Join(dir, "sound.raw")
	if err := os.WriteFile(pcm, c.sound(), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "recording.mp4")
	args := []string{"-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", c.width, c.height), "-r", "30", "-i", "pipe:0"}
	if !c.noSound {
		args = append(args, "-f", "s16le", "-ar", "48000", "-ac", "1", "-i", pcm, "-c:a", "aac", "-b:a", "128k")
	}
	args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "3000k", "-colorspace", "bt709", "-color_primaries", "bt709",
		"-color_trc", "bt709", "-color_range", "tv", out)
	cmd := exec.Command("ffmpeg", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.picture(t, in)
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return out
}

func (c recording) picture(t *testing.T, w io.Writer) {
	matrix := card.BT709
	if c.wrongMatrix {
		matrix = card.BT601
	}
	type key struct{ id, w, h, phase int }
	painters := map[key]*card.Painter{}
	canvas := make([]byte, c.width*c.height*3/2)
	shown := 0
	for n := range c.seconds * card.FPS {
		tiles := c.tiles
		if c.move != nil {
			tiles = c.move(n)
		}
		if c.freeze == 0 || n < c.freezeAt || n >= c.freezeAt+c.freeze {
			shown = n
		}
		for i := range canvas {
			canvas[i] = 16
			if i >= c.width*c.height {
				canvas[i] = 128
			}
		}
		for _, at := range tiles {
			phase := card.PhaseOf(at.id, 3)
			if c.dropFlash[1] > 0 && at.id == c.dropFlash[0] && shown/card.FPS == c.dropFlash[1] {
				phase = (phase + 15) % 30 // never reached below
			}
			k := key{at.id, at.w, at.h, phase}
			if painters[k] == nil {
				p, err := card.NewPainter(at.id, phase, at.w, at.h, matrix)
				if err != nil {
					t.Fatal(err)
				}
				painters[k] = p
			}
			pix := painters[k].Frame(shown)
			if phase != card.PhaseOf(at.id, 3) {
				darken(pix, at.w, at.h)
			}
			blit(canvas, c.width, c.height, pix, at)
		}
		if _, err := w.Write(canvas); err != nil {
			t.Error(err)
			return
		}
	}
}

// darken puts the patch out.
func darken(pix []byte, w, h int) {
	for y := h * 36 / 100; y < h*66/100; y++ {
		for x := w * 8 / 100; x < w*92/100; x++ {
			pix[y*w+x] = 44
		}
	}
}

func blit(canvas []byte, w, h int, pix []byte, at tile) {
	plane := func(dst []byte, dw int, src []byte, sw, sh, x, y int) {
		for row := range sh {
			copy(dst[(y+row)*dw+x:], src[row*sw:(row+1)*sw])
		}
	}
	n, m := w*h, at.w*at.h
	plane(canvas, w, pix, at.w, at.h, at.x, at.y)
	plane(canvas[n:], w/2, pix[m:], at.w/2, at.h/2, at.x/2, at.y/2)
	plane(canvas[n+n/4:], w/2, pix[m+m/4:], at.w/2, at.h/2, at.x/2, at.y/2)
}

func (c recording) sound() []byte {
	late := int(math.Round(c.soundLateMS * 48))
	ids := map[int]bool{}
	for _, at := range c.tiles {
		ids[at.id] = true
	}
	var out []byte
	for i := range c.seconds * card.SampleRate {
		v, m := 0.0, i-late
		if c.slipAt > 0 && i >= c.slipAt*card.SampleRate {
			m += 60
		}
		for id := range ids {
			s := card.Sample(id, card.PhaseOf(id, 3), m)
			if c.dropBeep[1] > 0 && id == c.dropBeep[0] && m/card.SampleRate == c.dropBeep[1] && card.Beeping(card.PhaseOf(id, 3), m) {
				s = 0
			}
			v += s
		}
		if at := float64(i) / card.SampleRate; c.gapMS > 0 && at >= c.gapAt && at < c.gapAt+c.gapMS/1000 {
			v = 0
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(math.Round(v*32767))))
	}
	return out
}
