package admit

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// system writes files of a cgroup file system and gives what reads them.
func system(t *testing.T, self string, files map[string]string) cgroups {
	t.Helper()
	dir := t.TempDir()
	c := cgroups{self: filepath.Join(dir, "self"), root: filepath.Join(dir, "cgroup")}
	if err := os.WriteFile(c.self, []byte(self), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, body := range files {
		name = filepath.Join(c.root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestQuota(t *testing.T) {
	const v1 = "3:cpu,cpuacct:/docker/abc\n2:memory:/docker/abc\n"
	for _, tt := range []struct {
		name, self string
		files      map[string]string
		cores      float64 // 0 = none
	}{
		{"v2 in a container", "0::/\n", map[string]string{"cpu.max": "150000 100000\n"}, 1.5},
		{"v2 without a limit", "0::/\n", map[string]string{"cpu.max": "max 100000\n"}, 0},
		{"v2 of a service", "0::/a/b\n", map[string]string{"a/b/cpu.max": "max 100000\n", "a/cpu.max": "400000 100000\n"}, 4},
		{"the smallest of all holds", "0::/a/b\n", map[string]string{"a/b/cpu.max": "800000 100000\n", "a/cpu.max": "50000 100000\n"}, 0.5},
		{"v1", v1, map[string]string{"cpu/docker/abc/cpu.cfs_quota_us": "200000\n", "cpu/docker/abc/cpu.cfs_period_us": "100000\n"}, 2},
		{"v1 in a container", v1, map[string]string{"cpu,cpuacct/cpu.cfs_quota_us": "300000\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, 3},
		{"v1 without a limit", v1, map[string]string{"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 0},
		{"both versions", v1 + "0::/\n", map[string]string{"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000", "unified/cpu.max": "200000 100000"}, 2},
		{"nonsense", "0::/\n", map[string]string{"cpu.max": "many\n"}, 0},
		{"nothing", "", nil, 0},
	} {
		cores, ok := system(t, tt.self, tt.files).quota()
		if ok != (tt.cores > 0) || ok && cores != tt.cores {
			t.Errorf("%s: %v, %v", tt.name, cores, ok)
		}
	}
	if _, ok := (cgroups{self: "/nowhere", root: "/nowhere"}).quota(); ok {
		t.Error("a quota without cgroups")
	}
}

func TestWorkingSet(t *testing.T) {
	for _, tt := range []struct {
		name, self string
		files      map[string]string
		bytes      int64 // -1 = an error
	}{
		{"v2", "0::/a\n", map[string]string{"a/memory.current": "1000\n", "a/memory.stat": "anon 5\ninactive_file 300\n", "memory.current": "9\n"}, 700},
		{"v1", "2:memory:/x\n", map[string]string{"memory/memory.usage_in_bytes": "1000", "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 400\n"}, 600},
		{"more is inactive than used", "0::/\n", map[string]string{"memory.current": "10", "memory.stat": "inactive_file 300"}, 0},
		{"no figure of it", "0::/\n", map[string]string{"memory.current": "10", "memory.stat": "anon 300"}, -1},
		{"the root has none", "0::/\n", map[string]string{"memory.stat": "inactive_file 300"}, -1},
	} {
		n, err := system(t, tt.self, tt.files).workingSet()
		if (err != nil) != (tt.bytes < 0) || err == nil && n != tt.bytes {
			t.Errorf("%s: %d, %v", tt.name, n, err)
		}
	}
}

func TestRequestedCores(t *testing.T) {
	for env, want := range map[string]float64{"": 4, "2": 2, "0.5": 0.5, "16": 16} {
		if n, err := requested(env, 4); n != want || err != nil {
			t.Errorf("%q: %v, %v", env, n, err)
		}
	}
	for _, bad := range []string{"0", "-1", "NaN", "Inf", "many"} {
		if n, err := requested(bad, 4); n != 4 || err == nil {
			t.Errorf("%q: %v, %v", bad, n, err)
		}
	}
	if n, err := Cores(); n <= 0 || os.Getenv(cpuRequestEnv) == "" && err != nil {
		t.Errorf("this machine: %v, %v", n, err)
	}
}

func FuzzCPUMax(f *testing.F) {
	f.Add("max 100000")
	f.Add("150000 100000")
	f.Add("NaN 1")
	f.Fuzz(func(t *testing.T, body string) {
		if n, err := parseCPUMax([]byte(body)); err == nil && (math.IsNaN(n) || n < 0) {
			t.Errorf("%q is %v cores", body, n)
		}
	})
}

func FuzzHierarchies(f *testing.F) {
	f.Add([]byte("0::/\n"))
	f.Add([]byte("3:cpu,cpuacct:/docker/abc\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, h := range parseHierarchies(body) {
			for _, dir := range upwards("/root", h.path) {
				if rel, err := filepath.Rel("/root", dir); err != nil || !filepath.IsLocal(rel) {
					t.Errorf("%q leads to %s", body, dir)
				}
			}
		}
	})
}

func FuzzMemoryStat(f *testing.F) {
	f.Add("anon 5\ninactive_file 300\n")
	f.Fuzz(func(t *testing.T, body string) {
		if n, err := parseMemoryStat([]byte(body), "inactive_file"); err == nil && n < 0 {
			t.Errorf("%d bytes", n)
		}
	})
}
