package outlets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"slices"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/integration/rig"
)

// viewer is an RTMP server that decodes what comes and looks how old each picture is when it is there.
type viewer struct {
	url   string
	stop  context.CancelFunc
	ended chan struct{}
	zero  time.Time       // of the card's counter
	ages  []time.Duration // of the pictures with a card; the viewer's until it has ended
	seen  int
	err   error
}

// cardLoop is how long the card's counter takes to come round, and viewFPS how fast it counts.
const (
	viewFPS  = 30
	cardLoop = card.Loop * time.Second / viewFPS
)

// newViewer waits for one stream of pictures of that size, which the card fills; its counter was 0 at zero.
func newViewer(ctx context.Context, zero time.Time, width, height int) (*viewer, error) {
	ports, err := rig.FreePorts(1)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	v := &viewer{url: rig.StreamURL("rtmp", ports[0], "live", "viewer-key"), stop: stop, ended: make(chan struct{}), zero: zero}
	cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error", "-probesize", "32768", "-analyzeduration", "0", "-flags", "low_delay",
		"-listen", "1", "-i", v.url, "-map", "0:v", "-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("viewer: %w", err)
	}
	go func() {
		defer close(v.ended)
		v.err = v.watch(out, width, height)
		_ = cmd.Wait()
	}()
	return v, nil
}

func (v *viewer) watch(in io.Reader, width, height int) error {
	pix := make([]byte, width*height*3/2)
	for {
		if _, err := io.ReadFull(in, pix); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		now := time.Now()
		p, err := card.NewPicture(width, height, pix)
		if err != nil {
			return err
		}
		v.seen++
		read, ok := card.Read(p, p.All())
		if !ok {
			continue
		}
		age := (now.Sub(v.zero) - time.Duration(read.Frame)*time.Second/viewFPS) % cardLoop
		v.ages = append(v.ages, age)
	}
}

// close ends it; the ages can be looked at then.
func (v *viewer) close() {
	v.stop()
	<-v.ended
}

// percentiles are those of the ages; false when there are none.
func (v *viewer) percentiles() (p50, p95, most time.Duration, ok bool) {
	if len(v.ages) == 0 {
		return 0, 0, 0, false
	}
	all := slices.Sorted(slices.Values(v.ages))
	at := func(q float64) time.Duration { return all[int(math.Ceil(q*float64(len(all))))-1] }
	return at(0.5), at(0.95), at(1), true
}
