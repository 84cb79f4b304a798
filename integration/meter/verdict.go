package meter

import "fmt"

// Limits are what a recording has to keep; zero values are not checked,
// except that missing flashes and beeps, gaps and decode errors are failures.
type Limits struct {
	OffsetP95    float64 // ms
	BarError     float64 // 8-bit steps
	UniqueFPS    float64 // at least
	Wall         float64 // seconds that the file should last
	WallWithin   float64 // seconds
	OffBeat      float64 // ms that a beep may be off its place in the second
	AllowRepeats bool    // unique fps is reported, not judged
	AllowGaps    bool    // so are gaps in the sound
}

// Check lists what a recording does not keep; nil is a pass.
func (r *Report) Check(l Limits) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if len(r.Participants) == 0 {
		fault("no participant is seen or heard")
	}
	if n := len(r.DecodeErrors); n > 0 {
		fault("%d decode errors, first %s", n, r.DecodeErrors[0])
	}
	if l.WallWithin > 0 {
		for name, d := range map[string]float64{"container": r.Stream.Duration, "video": r.VideoDuration, "audio": r.AudioDuration} {
			if d > 0 && (d-l.Wall > l.WallWithin || l.Wall-d > l.WallWithin) {
				fault("%s lasts %.3f s, wall clock %.3f s", name, d, l.Wall)
			}
		}
	}
	if r.Stream.AudioCodec != "" {
		if n := len(r.Pilot.Gaps); n > 0 && !l.AllowGaps {
			fault("%d gaps in the sound, first of %.1f ms at %.3f s", n, r.Pilot.Gaps[0].MS, r.Pilot.Gaps[0].At)
		}
		if r.Pilot.HolesMS > 0 {
			fault("timestamps leave %.1f ms without sound", r.Pilot.HolesMS)
		}
	}
	for _, p := range r.Participants {
		if n := len(p.Flashes.Missing); n > 0 {
			fault("p%d: %d of %d flashes missing", p.ID, n, p.Flashes.Expected)
		}
		if n := len(p.Beeps.Missing); n > 0 {
			fault("p%d: %d of %d beeps missing", p.ID, n, p.Beeps.Expected)
		}
		if n := len(p.Flashes.Extra) + len(p.Beeps.Extra); n > 0 {
			fault("p%d: %d flashes or beeps too many", p.ID, n)
		}
		if l.OffBeat > 0 && p.OffBeat > l.OffBeat {
			fault("p%d: a beep is %.1f ms off its place", p.ID, p.OffBeat)
		}
		if p.ID == 0 && p.Beeps.Expected > 0 && !r.Pilot.Heard {
			fault("the pilot tone is not heard: gaps cannot be judged")
		}
		if l.OffsetP95 > 0 && p.Flashes.Expected > 0 && p.Beeps.Expected > 0 && !(len(p.Offsets.Each) > 0 && p.Offsets.P95Abs <= l.OffsetP95) {
			fault("p%d: A/V offset p95 is %.1f ms, over %d", p.ID, p.Offsets.P95Abs, len(p.Offsets.Each))
		}
		if p.Seen && l.BarError > 0 && p.Bars.Max > l.BarError {
			fault("p%d: colour bar %d is off by %.1f", p.ID, p.Bars.Bar, p.Bars.Max)
		}
		if p.Seen && l.UniqueFPS > 0 && !l.AllowRepeats && p.Cadence.UniqueFPS < l.UniqueFPS {
			fault("p%d: %.2f unique fps", p.ID, p.Cadence.UniqueFPS)
		}
	}
	return faults
}
