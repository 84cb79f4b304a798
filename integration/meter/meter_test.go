package meter

import (
	"encoding/json"
	"image"
	_ "image/png"
	"math"
	"os"
	"strings"
	"testing"
)

func measure1(t *testing.T, c recording, o Options) *Report {
	t.Helper()
	r, err := Measure(t.Context(), c.make(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", r)
	return r
}

func base() recording {
	return recording{seconds: 8, width: 960, height: 540, tiles: grid3(960, 540)}
}

var limits = Limits{OffsetP95: 40, BarError: 4, UniqueFPS: 29, Wall: 8, WallWithin: 0.1}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

func TestPerfectRecordingPasses(t *testing.T) {
	r := measure1(t, base(), Options{})
	if faults := r.Check(limits); faults != nil {
		t.Errorf("faults %q", faults)
	}
	if len(r.Participants) != 3 || !r.Pilot.Heard || len(r.KeyFrames) < 1 {
		t.Errorf("%d participants, pilot %v, %d keyframes", len(r.Participants), r.Pilot.Heard, len(r.KeyFrames))
	}
	for _, p := range r.Participants {
		if p.Flashes.Expected < 6 || !near(p.Offsets.Min, 0, 1) || !near(p.Offsets.Max, 0, 1) || p.Cadence.UniqueFPS != 30 && !near(p.Cadence.UniqueFPS, 30, 0.2) {
			t.Errorf("p%d: %+v", p.ID, p)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestSheetIsAPicture(t *testing.T) {
	c := base()
	c.seconds = 4
	png := t.TempDir() + "/sheet.png"
	if err := Sheet(t.Context(), c.make(t), png, 4, 2, 2, 320); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(png)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	config, kind, err := image.DecodeConfig(f)
	if err != nil || kind != "png" || config.Width != 2*320+4 || config.Height != 2*180+4 {
		t.Errorf("sheet is %s %dx%d, %v", kind, config.Width, config.Height, err)
	}
	if err := Sheet(t.Context(), "no such file", png, 4, 2, 2, 320); err == nil {
		t.Error("a sheet of nothing is made")
	}
}

func TestOffsetsAreToldRight(t *testing.T) {
	for _, late := range []float64{40, -80, 7} {
		c := base()
		c.soundLateMS = late
		r := measure1(t, c, Options{})
		for _, p := range r.Participants {
			if !near(p.Offsets.Min, late, 1.5) || !near(p.Offsets.Max, late, 1.5) || !near(p.Offsets.P95Abs, math.Abs(late), 1.5) {
				t.Errorf("sound late by %v: p%d says %+v", late, p.ID, p.Offsets)
			}
		}
		if faults := strings.Join(r.Check(limits), "; "); math.Abs(late) != 40 && math.Abs(late) > 40 != strings.Contains(faults, "A/V offset") {
			t.Errorf("sound late by %v: faults %q", late, faults)
		}
	}
}

func TestMissingEventsAreTold(t *testing.T) {
	c := base()
	c.dropBeep, c.dropFlash = [2]int{1, 3}, [2]int{2, 4}
	r := measure1(t, c, Options{})
	for _, p := range r.Participants {
		beeps, flashes := 0, 0
		if p.ID == 1 {
			beeps = 1
		}
		if p.ID == 2 {
			flashes = 1
		}
		if len(p.Beeps.Missing) != beeps || len(p.Flashes.Missing) != flashes {
			t.Errorf("p%d: missing beeps %v, flashes %v; want %d, %d", p.ID, p.Beeps.Missing, p.Flashes.Missing, beeps, flashes)
		}
	}
	if at := r.Participants[1].Beeps.Missing; len(at) == 1 && !near(at[0], 3+10.0/30, 0.05) {
		t.Errorf("the beep that is missing at 3.33 is told at %v", at)
	}
	if len(r.Check(limits)) != 2 {
		t.Errorf("faults %q, want two", r.Check(limits))
	}
}

func TestGapsAreTold(t *testing.T) {
	for _, ms := range []float64{10, 25, 200} {
		c := base()
		c.gapAt, c.gapMS = 4.2, ms
		r := measure1(t, c, Options{})
		if len(r.Pilot.Gaps) != 1 || !near(r.Pilot.Gaps[0].At, 4.2, 0.01) || !near(r.Pilot.Gaps[0].MS, ms, 3) {
			t.Errorf("gap of %v ms at 4.2 s is told as %+v", ms, r.Pilot.Gaps)
		}
		if len(r.Check(limits)) == 0 {
			t.Errorf("gap of %v ms passes", ms)
		}
	}
	c := base()
	c.slipAt = 4
	if r := measure1(t, c, Options{}); r.Pilot.Slips == 0 {
		t.Error("60 lost samples are no slip")
	}
}

func TestFreezeIsTold(t *testing.T) {
	c := base()
	c.freezeAt, c.freeze = 100, 12
	r := measure1(t, c, Options{})
	for _, p := range r.Participants {
		if p.Cadence.Repeats != 12 || p.Cadence.Skipped != 12 || !near(p.Cadence.LongestFreeze, 433, 2) || p.Cadence.WorstSecond != 18 {
			t.Errorf("p%d: %+v", p.ID, p.Cadence)
		}
	}
	if len(r.Check(limits)) == 0 {
		t.Error("a freeze of 12 frames passes")
	}
}

func TestWrongColoursAreTold(t *testing.T) {
	c := base()
	c.wrongMatrix = true
	r := measure1(t, c, Options{})
	for _, p := range r.Participants {
		if p.Bars.Max < 8 || !p.Seen {
			t.Errorf("p%d: BT.601 numbers read as BT.709 are only %.1f off", p.ID, p.Bars.Max)
		}
	}
}

// TestStageAndStrip moves the stage every two seconds, with small tiles.
func TestStageAndStrip(t *testing.T) {
	layout := func(stage int) []tile {
		out := []tile{{stage, 0, 0, 1120, 630}}
		for i := range 2 {
			out = append(out, tile{(stage + i + 1) % 3, 1120, i * 90, 160, 90})
		}
		return out
	}
	c := recording{seconds: 8, width: 1280, height: 720}
	c.tiles = layout(0)
	c.move = func(n int) []tile { return layout(n / 60 % 3) }
	r := measure1(t, c, Options{})
	if faults := r.Check(limits); faults != nil {
		t.Errorf("faults %q", faults)
	}
	for _, p := range r.Participants {
		if p.Cadence.Unreadable > 0 || len(p.Places) < 2 {
			t.Errorf("p%d: unreadable in %d frames, places %q", p.ID, p.Cadence.Unreadable, p.Places)
		}
		if !near(p.Places[1].From-p.First, 2, 0.001) || len(p.Away) != 0 {
			t.Errorf("p%d: moved at %.3f s, not 2; away %v", p.ID, p.Places[1].From-p.First, p.Away)
		}
	}
}

func TestAbsenceIsTold(t *testing.T) {
	c := recording{seconds: 4, width: 1280, height: 720, noSound: true}
	all := grid3(1280, 720)
	c.tiles = all
	c.move = func(n int) []tile {
		if n == 30 || n >= 60 && n < 75 {
			return all[1:]
		}
		return all
	}
	r := measure1(t, c, Options{NoSound: true})
	for _, p := range r.Participants {
		want := []Span{{1, 1 + 1./30}, {2, 2.5}}
		if p.ID > 0 {
			want = nil
		}
		if len(p.Away) != len(want) || !near(p.First, 0, 0.001) || !near(p.Last, 4-1./30, 0.001) {
			t.Fatalf("p%d: from %.3f to %.3f s, away %.3f, want %.3f", p.ID, p.First, p.Last, p.Away, want)
		}
		for i, a := range p.Away {
			if !near(a.From, want[i].From, 0.001) || !near(a.To, want[i].To, 0.001) {
				t.Errorf("p%d: away %.3f, want %.3f", p.ID, a, want[i])
			}
		}
	}
}

func TestNobodyIsNoPass(t *testing.T) {
	c := base()
	c.tiles = nil
	if faults := measure1(t, c, Options{}).Check(limits); faults == nil {
		t.Error("a black, silent file passes")
	}
	r := measure1(t, c, Options{IDs: []int{0}})
	if faults := r.Check(limits); faults == nil {
		t.Error("a file without the wanted participant passes")
	}
}

func TestPictureOnly(t *testing.T) {
	c := base()
	c.noSound = true
	r := measure1(t, c, Options{})
	if faults := r.Check(limits); faults != nil || r.AudioDuration != 0 {
		t.Errorf("faults %q, %.1f s of sound", faults, r.AudioDuration)
	}
}

func TestPercentile(t *testing.T) {
	v := []float64{5, 1, 4, 2, 3}
	if median(v) != 3 || percentile(v, 0.95) != 5 || percentile(v, 0) != 1 || !math.IsNaN(median(nil)) {
		t.Error("percentiles are wrong")
	}
	if m := circularMean([]float64{0.95, 1.05, 7.98, 3.02}); !near(math.Min(m, 1-m), 0, 0.01) {
		t.Errorf("circular mean around 0 is %v", m)
	}
}
