package browser

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// awaitGroupGone waits for the helpers of a killed process, for they hold
// files in its directory; a second is far more than they need.
func awaitGroupGone(group int) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) || !groupLives(group) {
			return
		}
		<-tick.C
	}
}

// groupLives says whether a process group has members that are more than
// zombies: the reaping of orphans is up to the container's first process, which
// may not do it.
func groupLives(group int) bool {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		state, pgrp, ok := parseStat(stat)
		if ok && pgrp == group && state != 'Z' && state != 'X' {
			return true
		}
	}
	return false
}

// parseStat reads state and process group from /proc/PID/stat, where the name
// in parentheses may hold anything.
func parseStat(stat []byte) (state byte, pgrp int, ok bool) {
	_, rest, found := cutLast(stat, ')')
	fields := bytes.Fields(rest)
	if !found || len(fields) < 3 || len(fields[0]) != 1 {
		return 0, 0, false
	}
	pgrp, err := strconv.Atoi(string(fields[2]))
	return fields[0][0], pgrp, err == nil
}

func cutLast(b []byte, sep byte) (before, after []byte, found bool) {
	if i := bytes.LastIndexByte(b, sep); i >= 0 {
		return b[:i], b[i+1:], true
	}
	return b, nil, false
}
