package session

import (
	"slices"
	"testing"
	"time"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/plan"
)

// busySource is a source with children and vitals.
type busySource struct{ Source }

func (busySource) work() Work       { return Work{PIDs: []int{1, 2}, Weight: 3} }
func (busySource) vitals(v *Vitals) { v.Keyframes, v.Correction = 7, time.Second }

func TestWorkAndVitals(t *testing.T) {
	s := &Session{plan: &plan.Plan{Format: programme.Format{Video: true}}, source: busySource{}}
	s.losses.Store(1)
	if w := s.Work(); !slices.Equal(w.PIDs, []int{1, 2}) || w.Weight != pictureWeight+3 {
		t.Errorf("%+v", w)
	}
	if v := s.Vitals(); v.Keyframes != 7 || v.Correction != time.Second || v.PageLosses != 1 || v.Recording {
		t.Errorf("%+v", v)
	}
	s = &Session{plan: &plan.Plan{}, source: &trackRecording{}}
	if w := s.Work(); len(w.PIDs) != 0 || w.Weight != 1 {
		t.Errorf("one track: %+v", w)
	}
	if v := s.Vitals(); v.Keyframes != 0 {
		t.Errorf("one track: %+v", v)
	}
}
