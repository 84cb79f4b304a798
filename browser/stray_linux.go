package browser

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// straysWait bounds the wait for a browser's processes after it was killed.
const straysWait = 2 * time.Second

// killStrays ends all processes of a killed browser and waits until they are
// gone: those of its process group, and those that left it but name its private
// directory in their arguments.
func killStrays(group int, dir string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(straysWait); time.Now().Before(end); <-tick.C {
		found := strays(group, dir)
		if len(found) == 0 {
			return
		}
		for _, pid := range found {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// strays lists the processes, without zombies: to reap orphans is up to the
// container's first process.
func strays(group int, dir string) []int {
	var found []int
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		pid, err := strconv.Atoi(filepath.Base(entry))
		if err != nil || pid == os.Getpid() {
			continue
		}
		stat, err := os.ReadFile(filepath.Join(entry, "stat"))
		if err != nil {
			continue // it has just ended
		}
		state, pgrp, ok := parseStat(stat)
		if !ok || state == 'Z' || state == 'X' {
			continue
		}
		if pgrp != group {
			args, err := os.ReadFile(filepath.Join(entry, "cmdline"))
			if err != nil || !isStray(args, dir) {
				continue
			}
		}
		found = append(found, pid)
	}
	return found
}

// isStray tells a crash handler that works in dir by its arguments.
func isStray(cmdline []byte, dir string) bool {
	program, args, _ := bytes.Cut(cmdline, []byte{0})
	return filepath.Base(string(program)) == "chrome_crashpad_handler" && bytes.Contains(args, []byte(dir+"/"))
}

// parseStat reads state and process group from /proc/PID/stat, where the name
// in parentheses may hold anything.
func parseStat(stat []byte) (state byte, pgrp int, ok bool) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, 0, false
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 3 || len(fields[0]) != 1 {
		return 0, 0, false
	}
	pgrp, err := strconv.Atoi(string(fields[2]))
	return fields[0][0], pgrp, err == nil
}
