package rig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Process is one line of the process table.
type Process struct {
	PID, Parent int
	StartTicks  uint64 // since boot; tells a reused pid from the old process
	Name        string // executable's base name
	Role        string // see RoleOf
	CPU         float64
	PSS         int64 // bytes; 0 when it may not be read
	Own         int64 // bytes of that which are no file's: what is shared of a library depends on who else runs
	Args        []string
}

// clockTicks is USER_HZ, 100 on every Linux that Go runs on.
const clockTicks = 100

// Descendants lists root and all processes below it that are alive; CPU is in
// seconds since each process' start, with the CPU of its ended and waited-for
// children in root's line only as far as the kernel has added it up.
func Descendants(root int) ([]Process, error) {
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := map[int]Process{}
	for _, path := range entries {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if p, err := readStat(pid); err == nil {
			all[pid] = p
		}
	}
	var out []Process
	for pid, p := range all {
		for up := pid; up != 0; up = all[up].Parent {
			if up == root {
				fill(&p)
				out = append(out, p)
				break
			}
		}
	}
	slices.SortFunc(out, func(a, b Process) int { return a.PID - b.PID })
	return out, nil
}

// readStat parses /proc/PID/stat; zombies count as gone.
func readStat(pid int) (Process, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Process{}, err
	}
	// The name is in brackets and may hold anything.
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < open {
		return Process{}, errors.New("no process line")
	}
	f := strings.Fields(string(data[end+1:]))
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return Process{}, errors.New("process is gone")
	}
	p := Process{PID: pid, Name: string(data[open+1 : end])}
	p.Parent, _ = strconv.Atoi(f[1])
	utime, _ := strconv.ParseFloat(f[11], 64)
	stime, _ := strconv.ParseFloat(f[12], 64)
	p.CPU = (utime + stime) / clockTicks
	p.StartTicks, _ = strconv.ParseUint(f[19], 10, 64)
	return p, nil
}

func fill(p *Process) {
	if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID)); err == nil {
		p.Args = strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
	}
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID)); err == nil {
		p.Name = filepath.Base(exe)
	}
	p.Role = RoleOf(p.Name, p.Args)
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.PID))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kib, _ := strconv.ParseInt(f[1], 10, 64)
		switch f[0] {
		case "Pss:":
			p.PSS = kib << 10
		case "Pss_Anon:":
			p.Own = kib << 10
		}
	}
}

// RoleOf says what a process is there for: chromium, xvfb, pulseaudio,
// encoder, decoder, finaliser, ffmpeg (another ffmpeg), or its name.
func RoleOf(name string, args []string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.Contains(lower, "chrom"):
		return "chromium"
	case lower == "xvfb" || lower == "pulseaudio":
		return lower
	case lower != "ffmpeg":
		return name
	case slices.ContainsFunc([]string{"libx264", "aac", "libopus", "libmp3lame"}, func(codec string) bool { return slices.Contains(args, codec) }):
		return "encoder"
	case slices.Contains(args, "nut"):
		return "decoder"
	case slices.Contains(args, "copy"):
		return "finaliser"
	}
	return "ffmpeg"
}
