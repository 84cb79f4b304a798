package admit

import (
	"testing"
	"time"
)

// ticks runs a pressure for some seconds and tells in which of them an egress is to be ended.
func ticks(p *Pressure, at *time.Time, seconds int, used float64, egresses int, shed bool) (ends []int) {
	for i := range seconds {
		*at = at.Add(time.Second)
		if p.Tick(*at, used, egresses, shed) {
			ends = append(ends, i+1)
		}
	}
	return ends
}

func TestPressure(t *testing.T) {
	for _, tt := range []struct {
		name     string
		used     float64
		egresses int
		shed     bool
		ends     []int
	}{
		{"pictures are lacking", 1, 2, true, []int{40, 80}},
		{"busy, and nothing lacks", 1, 2, false, nil},
		{"alone it may take all", 1, 1, true, nil},
		{"not that busy", 0.94, 2, true, nil},
	} {
		p, at := NewPressure(0.8, 30*time.Second), time.Unix(0, 0)
		ends := ticks(p, &at, 85, tt.used, tt.egresses, tt.shed)
		if len(ends) != len(tt.ends) || len(ends) > 0 && (ends[0] != tt.ends[0] || ends[1] != tt.ends[1]) {
			t.Errorf("%s: ends in %v, want %v", tt.name, ends, tt.ends)
		}
	}
}

func TestPressureGoesByFiveLowTicks(t *testing.T) {
	p, at := NewPressure(0.8, 30*time.Second), time.Unix(0, 0)
	ticks(p, &at, 20, 1, 2, true)
	ticks(p, &at, 4, 0.5, 2, true)
	if !p.On() {
		t.Error("four low ticks end it")
	}
	ticks(p, &at, 1, 1, 2, true)
	ticks(p, &at, 5, 0.5, 2, true)
	if p.On() {
		t.Error("five low ticks do not")
	}
	if ends := ticks(p, &at, 39, 1, 2, true); ends != nil {
		t.Errorf("the grace did not begin anew: %v", ends)
	}
}

func TestPressureThreshold(t *testing.T) {
	p, at := NewPressure(0.97, 0), time.Unix(0, 0)
	if ends := ticks(p, &at, 60, 0.98, 2, true); ends != nil {
		t.Errorf("ends below the midpoint: %v", ends)
	}
	if ends := ticks(p, &at, 60, 0.99, 2, true); len(ends) == 0 {
		t.Error("ends never above it")
	}
}

func TestMemoryPressure(t *testing.T) {
	at := time.Unix(0, 0)
	for _, tt := range []struct {
		limit int64
		grace time.Duration
		used  []int64
		end   int // index, -1 = never
	}{
		{0, 0, []int64{1 << 50}, -1},
		{100, 0, []int64{100, 101}, 1},
		{100, 2 * time.Second, []int64{101, 101, 101}, 2},
		{100, 2 * time.Second, []int64{101, 100, 101, 101}, -1},
	} {
		p, end := NewMemoryPressure(tt.limit, tt.grace), -1
		for i, used := range tt.used {
			if p.Tick(at.Add(time.Duration(i)*time.Second), used) && end < 0 {
				end = i
			}
		}
		if end != tt.end {
			t.Errorf("%+v: ended at %d", tt, end)
		}
	}
}
