package service

import (
	"slices"
	"testing"
)

func TestSessionsReserveOnce(t *testing.T) {
	s := newSessions()
	if !s.reserve("EG_1") || s.reserve("EG_1") {
		t.Fatal("an id must be reserved exactly once")
	}
	s.reserve("EG_2")
	if got := s.ids(); !slices.Equal(got, []string{"EG_1", "EG_2"}) {
		t.Fatalf("ids %v", got)
	}
	idle := s.empty()
	s.remove("EG_1")
	select {
	case <-idle:
		t.Fatal("idle with one egress left")
	default:
	}
	s.remove("EG_2")
	s.remove("EG_2") // twice is harmless
	select {
	case <-idle:
	default:
		t.Fatal("not idle with none left")
	}
	if !s.reserve("EG_1") {
		t.Fatal("an id that ended can be used again")
	}
}
