package admit

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const statLine = "42 (chrome) (x) S 7 42 42 0 -1 4194560 100 0 0 0 250 50 11 12 20 0 1 0 9999 1000 10 18446744073709551615 1 1 0 0 0 0"

func TestParseProcess(t *testing.T) {
	p, err := parseProcess([]byte(statLine))
	if err != nil || p.parent != 7 || p.cpu != 3*time.Second || p.began != 9999 || p.gone {
		t.Errorf("%+v, %v", p, err)
	}
	if p, err := parseProcess([]byte(strings.Replace(statLine, ") S", ") Z", 1))); err != nil || !p.gone {
		t.Errorf("zombie: %+v, %v", p, err)
	}
	for _, bad := range []string{"", "42 chrome S 1", "42 (x) S 1 2 3", strings.Replace(statLine, " 250 ", " -1 ", 1), strings.Replace(statLine, "S 7", "S x", 1)} {
		if _, err := parseProcess([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzParseProcess(f *testing.F) {
	f.Add(statLine)
	f.Add(strings.Replace(statLine, " 250 ", " 9223372036854775807 ", 1))
	f.Fuzz(func(t *testing.T, stat string) {
		if p, err := parseProcess([]byte(stat)); err == nil && p.cpu < 0 {
			t.Errorf("%v of CPU time", p.cpu)
		}
	})
}

func TestParsePSS(t *testing.T) {
	if n, err := parsePSS([]byte("00400000-7ffd [rollup]\nRss:  2000 kB\nPss:   1000 kB\nPss_Anon: 5 kB\n")); err != nil || n != 1000<<10 {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "Rss: 1 kB", "Pss: x kB", "Pss: -1 kB", "Pss: 99999999999999999 kB"} {
		if _, err := parsePSS([]byte(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzParsePSS(f *testing.F) {
	f.Add("Pss:   1000 kB\n")
	f.Fuzz(func(t *testing.T, rollup string) {
		if n, err := parsePSS([]byte(rollup)); err == nil && n < 0 {
			t.Errorf("%d bytes", n)
		}
	})
}

func TestOwnerInARing(t *testing.T) {
	ring := map[int]process{1: {parent: 2}, 2: {parent: 1}}
	if got := owner(1, ring, func(int) bool { return false }); got != 0 {
		t.Errorf("owner %d", got)
	}
}

// tree is a /proc of processes: pid → parent and ticks of CPU.
func tree(t *testing.T, root string, ticks map[int][2]int) {
	t.Helper()
	for pid, p := range ticks {
		dir := filepath.Join(root, strconv.Itoa(pid))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		stat := strings.Replace(strings.Replace(statLine, "S 7", "S "+strconv.Itoa(p[0]), 1), " 250 50 ", " "+strconv.Itoa(p[1])+" 0 ", 1)
		for name, body := range map[string]string{"stat": stat, "smaps_rollup": "Pss: " + strconv.Itoa(pid) + " kB\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMeterParts: children are those of their egress with all that they have started, the process' own use is parted by
// weight, the rest belongs to nobody.
func TestMeterParts(t *testing.T) {
	root, at := t.TempDir(), time.Unix(1000, 0)
	m := &Meter{proc: procfs{root}, self: 10, now: func() time.Time { return at }}
	parties := map[string]Party{"EG_1": {PIDs: []int{20}, Weight: 3}, "EG_2": {PIDs: []int{30}, Weight: 1}, "EG_3": {}}
	tree(t, root, map[int][2]int{
		1: {0, 5000}, 10: {1, 100}, // us
		20: {10, 100}, 21: {20, 100}, 22: {21, 100}, // a browser
		30: {10, 100}, // an encoder
		40: {10, 100}, // a browser that waits
	})
	if _, ok, err := m.Read(parties); ok || err != nil {
		t.Fatalf("the first reading: %v, %v", ok, err)
	}
	at = at.Add(2 * time.Second)
	tree(t, root, map[int][2]int{1: {0, 9000}, 10: {1, 180}, 20: {10, 120}, 22: {21, 300}, 30: {10, 200}, 40: {10, 140}, 23: {20, 60}})
	r, ok, err := m.Read(parties)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	want := map[string]Usage{
		"EG_1": {Cores: (0.2+2+0.6)/2 + 0.4*3/4, PSS: (20 + 21 + 22 + 23) << 10}, // 23 has come since
		"EG_2": {Cores: 1.0/2 + 0.4/4, PSS: 30 << 10},
		"EG_3": {},
	}
	for id, w := range want {
		if got := r.Egresses[id]; math.Abs(got.Cores-w.Cores) > 1e-9 || got.PSS != w.PSS {
			t.Errorf("%s: %+v, want %+v", id, got, w)
		}
	}
	if math.Abs(r.Shared.Cores-0.2) > 1e-9 || r.Shared.PSS != (40+10)<<10 {
		t.Errorf("shared: %+v", r.Shared)
	}
	if math.Abs(r.Total.Cores-(0.8+0.2+2+0.6+1+0.4)/2) > 1e-9 {
		t.Errorf("total: %+v", r.Total)
	}

	m.self = 99
	if _, _, err := m.Read(parties); err == nil {
		t.Error("no error without the process itself")
	}
}

// TestMeterReadsMemory: of a new process often, of an old one rarely.
func TestMeterReadsMemory(t *testing.T) {
	root, at := t.TempDir(), time.Unix(1000, 0)
	m := &Meter{proc: procfs{root}, self: 10, now: func() time.Time { return at }}
	tree(t, root, map[int][2]int{10: {1, 100}})
	var seconds []int
	for s := range 30 {
		before := m.memory[10].next
		if _, _, err := m.Read(nil); err != nil {
			t.Fatal(err)
		}
		if m.memory[10].next != before {
			seconds = append(seconds, s)
		}
		at = at.Add(time.Second)
	}
	if want := []int{0, 1, 3, 7, 15, 25}; !slices.Equal(seconds, want) {
		t.Errorf("read in seconds %v, want %v", seconds, want)
	}
}

// TestMeterReadsThisMachine: the test itself uses what it is told to have used.
func TestMeterReadsThisMachine(t *testing.T) {
	m := NewMeter()
	if _, _, err := m.Read(nil); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
	}
	r, ok, err := m.Read(nil)
	if err != nil || !ok || r.Total.PSS <= 0 || r.Shared != r.Total {
		t.Errorf("%+v, %v, %v", r, ok, err)
	}
}
