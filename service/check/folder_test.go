package check

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, c := range []struct {
		name, conf    string
		run           func(context.Context, *subject) []Result
		status        Status
		found, remedy string
	}{
		{"work_dir in proc", "work_dir: /proc/nowhere/work", checkWorkDir, Fail, "/proc/nowhere/work cannot be written", "set work_dir"},
		{"work_dir below a file", "work_dir: " + file + "/work", checkWorkDir, Fail, "not a directory", "set work_dir"},
		{"current directory", "", checkOutputs, OK, dir + " can be written", ""},
		{"prefix", "storage: {prefix: a/b}", checkOutputs, OK, dir + "/a/b can be written", ""},
		{"prefix in proc", "storage: {prefix: /proc/nowhere}", checkOutputs, Fail, "/proc/nowhere cannot be written", "set storage.prefix"},
		{"no local files", "disallow_local_storage: true", checkOutputs, OK, "switched off", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			want(t, c.run(t.Context(), about(t, c.conf)), c.status, c.found, c.remedy)
		})
	}
	if got := checkWorkDir(t.Context(), about(t, "work_dir: "+dir+"/new/work")); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if left, err := filepath.Glob(dir + "/*"); err != nil || len(left) != 1 {
		t.Errorf("left %v, want only the file of the test (%v)", left, err)
	}
	t.Chdir("/proc")
	want(t, checkOutputs(t.Context(), about(t, "")), Warn, "/proc cannot be written", "absolute paths")
}

func TestSpace(t *testing.T) {
	for _, c := range []struct {
		f             folder
		status        Status
		found, remedy string
	}{
		{folder{free: 100 << 20}, Fail, "0.1 GiB left", "larger disk"},
		{folder{free: 2 << 30}, Warn, "2.0 GiB left", "larger disk"},
		{folder{free: 90 << 30, memory: true}, Warn, "is in memory", "on a disk"},
		{folder{free: 90 << 30}, OK, "90 GiB left", ""},
	} {
		want(t, roomy("/work", c.f), c.status, c.found, c.remedy)
	}
}

func TestRoots(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := checkOutputs(t.Context(), about(t, "local_output_roots: ["+dir+", "+dir+"/new, "+dir+"/file, /proc/new]"))
	want := []Status{OK, OK, Fail, Fail}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i, r := range got {
		if r.Status != want[i] {
			t.Errorf("%v, want %v", r, want[i])
		}
	}
	if left, err := filepath.Glob(dir + "/*"); err != nil || len(left) != 1 {
		t.Errorf("left %v (%v)", left, err)
	}
}
