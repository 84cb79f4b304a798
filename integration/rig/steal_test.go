package rig

import "testing"

func TestStealIsAShare(t *testing.T) {
	now, err := LookSteal()
	if err != nil {
		t.Fatal(err)
	}
	if now.all <= 0 || now.stolen > now.all {
		t.Errorf("%+v", now)
	}
	later := Steal{stolen: now.stolen + 5, all: now.all + 100}
	if got := later.Since(now); got < 0.0499 || got > 0.0501 {
		t.Errorf("share %v, want 0.05", got)
	}
	if got := now.Since(now); got != 0 {
		t.Errorf("share %v of no time", got)
	}
}
