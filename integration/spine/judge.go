package spine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

// The bars of issue A, line 2.
const (
	offsetP95  = 40.0 // ms
	barError   = 4.0  // steps of 8 bits
	uniqueFPS  = 29.0
	wallWithin = 0.1 // s

	stillWithin = 2 // frames
	fpsWithin   = 0.01

	judgedFrom, judgedTo = 1, 0.5 // seconds off a recording's ends
)

// bars are what a take is held against beside what always must hold (every flash and beep,
// colours, duration). `make test` may run on a machine with other work, where Chrome itself shows
// fewer pictures and plays sound late or with a click; so it judges none of that.
type bars struct {
	offsetP95, uniqueFPS float64
	wallWithin           float64
	gaps                 bool // are allowed
}

var (
	strict = bars{offsetP95, uniqueFPS, wallWithin, false}
	busy   = bars{0, 0, 3 * wallWithin, true}
)

// judge measures the file and holds it against the bars; counts are what ffegress says about the recording itself.
func judge(ctx context.Context, o *accept.Outcome, t take, b bars, info *livekit.EgressInfo, wall time.Duration, counts map[string]int64) error {
	f := info.FileResults[0]
	ids := []int{0, 1, 2}
	if t.web {
		ids = []int{0}
	}
	if t.alone {
		ids = nil // whoever is shown; all are heard
	}
	report, err := meter.Measure(ctx, f.Location, meter.Options{
		IDs: ids, NoSound: t.videoOnly, NoPicture: t.alone, Head: cmp.Or(t.head, judgedFrom), Tail: judgedTo,
	})
	if err != nil {
		return err
	}
	o.Add("meter", "\n```\n%s```", report)
	faults := report.Check(meter.Limits{
		OffsetP95: b.offsetP95, BarError: barError, UniqueFPS: b.uniqueFPS,
		Wall: wall.Seconds(), WallWithin: b.wallWithin, AllowRepeats: t.reported, AllowGaps: b.gaps,
	})
	o.Missed = append(o.Missed, faults...)
	if !t.alone {
		o.Add("pictures that stand, in the file and as counted", "%d, %d", report.Still, counted(counts))
	}
	if t.reported {
		off := counted(counts) - int64(report.Still)
		o.Want(max(off, -off) <= stillWithin, "%d pictures stand, %d were counted", report.Still, counted(counts))
	}
	s := report.Stream
	o.Want(s.Width == t.shape.width && s.Height == t.shape.height, "%dx%d", s.Width, s.Height)
	o.Want(math.Abs(report.FPS-float64(t.shape.fps)) < fpsWithin, "%.3f fps in the file", report.FPS)
	o.Want(report.UnevenSteps == 0, "%d uneven steps in the timestamps", report.UnevenSteps)
	o.Want((s.AudioCodec == "") == t.videoOnly, "audio codec %q", s.AudioCodec)
	o.Add("wall clock, file, duration in EgressInfo", "%.3f s, %.3f s, %.3f s",
		wall.Seconds(), report.Stream.Duration, time.Duration(f.Duration).Seconds())
	sheet := strings.TrimSuffix(f.Location, ".mp4") + ".png"
	if err := meter.Sheet(ctx, f.Location, sheet, 5, 3, 2, 426); err != nil {
		return err
	}
	o.Add("contact sheet", "%s", filepath.Base(sheet))
	return nil
}

// stillest is the longest time for which any participant's picture stands in the recording, which
// must decode without an error and have all its sound: only the picture may be held.
func stillest(ctx context.Context, info *livekit.EgressInfo) (time.Duration, error) {
	report, err := meter.Measure(ctx, info.FileResults[0].Location, meter.Options{})
	if err != nil {
		return 0, err
	}
	if len(report.DecodeErrors) > 0 {
		return 0, fmt.Errorf("%d decode errors, first %s", len(report.DecodeErrors), report.DecodeErrors[0])
	}
	if report.UnevenSteps > 0 {
		return 0, fmt.Errorf("%d uneven steps in the timestamps", report.UnevenSteps)
	}
	var longest float64
	for _, p := range report.Participants {
		if n := len(p.Beeps.Missing); n > 0 {
			return 0, fmt.Errorf("p%d: %d of %d beeps missing", p.ID, n, p.Beeps.Expected)
		}
		longest = max(longest, p.Cadence.LongestFreeze)
	}
	return time.Duration(longest * float64(time.Millisecond)), nil
}

// playable is how long a file plays without an error: the shorter of its tracks.
func playable(ctx context.Context, path string) (time.Duration, error) {
	report, err := meter.Measure(ctx, path, meter.Options{})
	if err != nil {
		return 0, err
	}
	if len(report.DecodeErrors) > 0 {
		return 0, fmt.Errorf("%d decode errors, first %s", len(report.DecodeErrors), report.DecodeErrors[0])
	}
	return time.Duration(min(report.VideoDuration, report.AudioDuration) * float64(time.Second)), nil
}
