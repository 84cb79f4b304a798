package rtpfeed

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// got is what came out: sequence numbers, a loss before one as "-n".
func popAll(r *reorder, now time.Time) (got []string) {
	for {
		p, lost, ok := r.pop(now)
		if !ok {
			return got
		}
		if lost > 0 {
			got = append(got, fmt.Sprintf("-%d", lost))
		}
		got = append(got, fmt.Sprint(p.sequence))
	}
}

func TestReorder(t *testing.T) {
	const wait = 100 * time.Millisecond
	type step struct {
		at   time.Duration
		push []uint16
		want []string
	}
	for name, steps := range map[string][]step{
		"in order":       {{0, []uint16{7, 8, 9}, []string{"7", "8", "9"}}},
		"over the wrap":  {{0, []uint16{65534, 65535, 0, 1}, []string{"65534", "65535", "0", "1"}}},
		"swapped":        {{0, []uint16{1, 3}, []string{"1"}}, {50, []uint16{2}, []string{"2", "3"}}},
		"given up":       {{0, []uint16{1, 3, 4}, []string{"1"}}, {99, nil, nil}, {100, nil, []string{"-1", "3", "4"}}},
		"late":           {{0, []uint16{1, 4}, []string{"1"}}, {100, nil, []string{"-2", "4"}}, {101, []uint16{2, 3, 5}, []string{"5"}}},
		"twice":          {{0, []uint16{1, 1, 2, 4, 4, 2}, []string{"1", "2"}}, {1, []uint16{3, 3}, []string{"3", "4"}}},
		"two gaps":       {{0, []uint16{1, 3, 6, 5}, []string{"1"}}, {100, nil, []string{"-1", "3", "-1", "5", "6"}}},
		"far off once":   {{0, []uint16{1, 40000, 2}, []string{"1", "2"}}},
		"a new sequence": {{0, []uint16{1, 40000, 40001, 40002}, []string{"1", "-1", "40001", "40002"}}},
		"backwards":      {{0, []uint16{30000, 5, 6, 7}, []string{"30000", "-1", "6", "7"}}},
	} {
		start := time.Unix(0, 0)
		r := reorder{wait: wait}
		for i, s := range steps {
			now := start.Add(s.at * time.Millisecond)
			var got []string
			for _, n := range s.push {
				r.push(packet{sequence: n, arrived: now})
				got = append(got, popAll(&r, now)...)
			}
			got = append(got, popAll(&r, now)...)
			if !slices.Equal(got, s.want) {
				t.Errorf("%s, step %d: %v, want %v", name, i, got, s.want)
			}
		}
		if at, ok := r.deadline(); ok && !at.After(start) {
			t.Errorf("%s: deadline %v", name, at)
		}
	}
}

// FuzzReorder pushes packets in any order: what comes out is in order, and each number is either given or lost.
func FuzzReorder(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, uint16(65533))
	f.Add([]byte{3, 0, 200, 1, 1, 9}, uint16(10))
	f.Fuzz(func(t *testing.T, order []byte, first uint16) {
		r := reorder{wait: time.Second}
		now := time.Unix(0, 0)
		next, started := uint16(0), false
		take := func(now time.Time) {
			for {
				p, lost, ok := r.pop(now)
				if !ok {
					return
				}
				if started && p.sequence != next+uint16(lost) {
					t.Fatalf("%d after %d with %d lost", p.sequence, next-1, lost)
				}
				next, started = p.sequence+1, true
			}
		}
		for _, n := range order {
			r.push(packet{sequence: first + uint16(n), arrived: now})
			take(now)
			now = now.Add(100 * time.Millisecond)
		}
		take(now.Add(time.Hour))
		if len(r.held) > 0 {
			t.Fatalf("%d packets are held for ever", len(r.held))
		}
	})
}
