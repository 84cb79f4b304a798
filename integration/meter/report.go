package meter

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ffegress/ffegress/integration/card"
)

// Report is all that the meter says about a file. Times are in seconds of
// the file's timeline unless the name says MS.
type Report struct {
	Path   string
	Stream Stream
	Matrix string // with which YUV targets of the bars were made

	Frames        int
	Still         int     // frames in which no card's counter moved
	FPS           float64 // 1 / mean step
	UnevenSteps   int     // steps off the mean by more than 2 ms
	VideoStart    float64
	VideoDuration float64
	AudioStart    float64
	AudioDuration float64
	KeyFrames     []float64
	LongestGOP    float64
	DecodeErrors  []string

	From, To     float64 // what was judged
	Pilot        Pilot
	Participants []Participant
}

// Participant is what the meter says about one of them.
type Participant struct {
	ID           int
	Seen, Heard  bool
	Flashes      Events
	Beeps        Events
	DamagedBeeps []float64 // of wrong length
	OffBeat      float64   // ms by which a whole beep is off its place in the second, at most
	Offsets      Offsets
	Cadence      Cadence
	Bars         BarError
	First, Last  float64 // when it was seen
	Away         []Span  // when it was not, in between
	Places       []Place // in order of appearance
}

// Span is a time from one moment up to another.
type Span struct{ From, To float64 }

// Place is where a participant's card stood from a time on.
type Place struct {
	From float64
	card.Rect
}

// String gives the form 640x360+0+0.
func (p Place) String() string {
	return fmt.Sprintf("%dx%d+%d+%d", p.Dx(), p.Dy(), p.X0, p.Y0)
}

// BarError is the worst error of any bar in any channel, in steps of 8-bit
// limited-range YUV; Max is 255 when no bar was read.
type BarError struct {
	Max     float64
	Bar     int
	Channel string
	Got     float64
	Want    float64
}

// String is the text report.
func (r *Report) String() string {
	var b strings.Builder
	s := r.Stream
	fmt.Fprintf(&b, "%s: container %.3f s\n", filepath.Base(r.Path), s.Duration)
	if s.VideoCodec != "" {
		fmt.Fprintf(&b, "  video: %s %s %dx%d SAR %s %s range %s matrix %s primaries %s transfer %s\n", s.VideoCodec, s.Profile,
			s.Width, s.Height, cmp.Or(s.SAR, "unset"), s.PixFmt, s.ColorRange, s.ColorSpace, s.Primaries, s.Transfer)
		fmt.Fprintf(&b, "         %.3f s from %.3f, %d frames, %.3f fps, %d uneven steps, %d still, %d keyframes, longest GOP %.3f s\n",
			r.VideoDuration, r.VideoStart, r.Frames, r.FPS, r.UnevenSteps, r.Still, len(r.KeyFrames), r.LongestGOP)
	}
	if s.AudioCodec != "" {
		fmt.Fprintf(&b, "  audio: %s %d Hz %d ch, %.3f s from %.3f, holes %.1f ms\n", s.AudioCodec, s.SampleRate, s.Channels,
			r.AudioDuration, r.AudioStart, r.Pilot.HolesMS)
		if r.Pilot.Heard {
			fmt.Fprintf(&b, "  pilot: %.1f dB, %d gaps (%.1f ms)%s, %d slips, phase drift %+.2f ms\n", r.Pilot.Level,
				len(r.Pilot.Gaps), r.Pilot.SilentMS, gaps(r.Pilot.Gaps), r.Pilot.Slips, r.Pilot.DriftMS)
		} else {
			fmt.Fprintf(&b, "  pilot: not heard\n")
		}
	}
	fmt.Fprintf(&b, "  judged from %.3f to %.3f s; decode errors: %d%s\n", r.From, r.To, len(r.DecodeErrors), first(r.DecodeErrors))
	for _, p := range r.Participants {
		fmt.Fprintf(&b, "  p%d: %s\n", p.ID, p.text())
	}
	if len(r.Participants) == 0 {
		fmt.Fprintf(&b, "  no card seen, no beep heard\n")
	}
	return b.String()
}

func (p Participant) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flashes %d/%d%s%s  beeps %d/%d%s%s", p.Flashes.Found, p.Flashes.Expected, at(" missing", p.Flashes.Missing),
		at(" extra", p.Flashes.Extra), p.Beeps.Found, p.Beeps.Expected, at(" missing", p.Beeps.Missing), at(" extra", p.Beeps.Extra))
	b.WriteString(at(" damaged", p.DamagedBeeps))
	if p.Heard {
		fmt.Fprintf(&b, ", ≤ %.1f ms off", p.OffBeat)
	}
	if len(p.Offsets.Each) > 0 {
		o := p.Offsets
		fmt.Fprintf(&b, "\n      A/V (beep − flash, ms) median %+.1f, min %+.1f, max %+.1f, |p50| %.1f, |p95| %.1f over %d", o.Median, o.Min, o.Max, o.P50, o.P95Abs, len(o.Each))
	}
	if p.Seen {
		c := p.Cadence
		fmt.Fprintf(&b, "\n      unique %.2f fps (worst second %d), repeats %d, skipped %d, backward %d, unreadable %d, longest freeze %.0f ms",
			c.UniqueFPS, c.WorstSecond, c.Repeats, c.Skipped, c.Backward, c.Unreadable, c.LongestFreeze)
		fmt.Fprintf(&b, "\n      bars: worst error %.1f (bar %d, %s is %.1f, should be %.1f); places %s", p.Bars.Max, p.Bars.Bar, p.Bars.Channel,
			p.Bars.Got, p.Bars.Want, places(p.Places[:min(4, len(p.Places))]))
		if n := len(p.Places); n > 4 {
			fmt.Fprintf(&b, " … (%d moves)", n-1)
		}
	}
	return b.String()
}

func places(list []Place) string {
	var texts []string
	for _, p := range list {
		texts = append(texts, fmt.Sprintf("%v at %.2f", p, p.From))
	}
	return strings.Join(texts, " → ")
}

func at(what string, times []float64) string {
	if len(times) == 0 {
		return ""
	}
	return fmt.Sprintf("%s at %.2f", what, times[:min(6, len(times))])
}

func gaps(list []Gap) string {
	var b strings.Builder
	for _, g := range list[:min(6, len(list))] {
		fmt.Fprintf(&b, " [%.3f s: %.1f ms]", g.At, g.MS)
	}
	return b.String()
}

func first(errs []string) string {
	if len(errs) == 0 {
		return ""
	}
	return " (first: " + errs[0] + ")"
}
