package admit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// clockTick is one tick of /proc/PID/stat: USER_HZ is 100 on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

var errNoProcess = errors.New("no line of a process")

// process is what /proc/PID/stat tells (proc_pid_stat(5)).
type process struct {
	parent int
	cpu    time.Duration // of itself, since it began
	began  uint64        // ticks since boot: with the pid it names the process for good
	gone   bool          // a zombie: its memory is free
}

// parseProcess reads /proc/PID/stat. The name is in brackets and may hold anything, brackets too.
func parseProcess(stat []byte) (process, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return process{}, errNoProcess
	}
	f := bytes.Fields(stat[end+1:])
	if len(f) < 20 { // the first is the third of the line
		return process{}, errNoProcess
	}
	parent, err := strconv.Atoi(string(f[1]))
	if err != nil {
		return process{}, fmt.Errorf("parent of a process: %w", err)
	}
	var ticks [3]uint64
	for i, at := range []int{11, 12, 19} { // utime, stime, starttime
		if ticks[i], err = strconv.ParseUint(string(f[at]), 10, 63); err != nil {
			return process{}, fmt.Errorf("times of a process: %w", err)
		}
	}
	const most = 1 << 38 // ticks, 87 years: more is nonsense, and must not overflow
	cpu := time.Duration(min(ticks[0], most)+min(ticks[1], most)) * clockTick
	return process{
		parent: parent, cpu: cpu, began: ticks[2],
		gone: f[0][0] == 'Z' || f[0][0] == 'X',
	}, nil
}

// parsePSS reads /proc/PID/smaps_rollup: bytes.
func parsePSS(rollup []byte) (int64, error) {
	for line := range bytes.Lines(rollup) {
		f := bytes.Fields(line)
		if len(f) < 2 || string(f[0]) != "Pss:" {
			continue
		}
		kib, err := strconv.ParseInt(string(f[1]), 10, 64)
		if err != nil || kib < 0 || kib > 1<<50 {
			return 0, fmt.Errorf("smaps_rollup: Pss is %q", f[1])
		}
		return kib << 10, nil
	}
	return 0, errors.New("smaps_rollup: no Pss")
}

// procfs is where the kernel tells of processes.
type procfs struct{ root string }

// below gives root and all processes below it.
func (p procfs) below(root int) (map[int]process, error) {
	files, err := filepath.Glob(filepath.Join(p.root, "[0-9]*", "stat"))
	if err != nil {
		return nil, err
	}
	all := make(map[int]process, len(files))
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended since
		}
		if one, err := parseProcess(body); err == nil {
			all[pid] = one
		}
	}
	if _, ok := all[root]; !ok {
		return nil, fmt.Errorf("%s: %w: %d", p.root, errNoProcess, root)
	}
	ours := map[int]process{}
	for pid, one := range all {
		if owner(pid, all, func(up int) bool { return up == root }) != 0 {
			ours[pid] = one
		}
	}
	return ours, nil
}

// owner is the process itself or the nearest one above it that is wanted; 0 = there is none.
func owner(pid int, all map[int]process, wanted func(int) bool) int {
	// The table is read file by file: parents may form a ring in it.
	for range len(all) + 1 {
		if wanted(pid) {
			return pid
		}
		up, ok := all[pid]
		if !ok {
			return 0
		}
		pid = up.parent
	}
	return 0
}

func (p procfs) pss(pid int) (int64, error) {
	body, err := os.ReadFile(filepath.Join(p.root, strconv.Itoa(pid), "smaps_rollup"))
	if err != nil {
		return 0, err
	}
	return parsePSS(body)
}
