package admit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errNoCgroup is told where no limit or figure of a cgroup can be read.
var errNoCgroup = errors.New("no cgroup of this process can be read")

// cgroups are the control groups of this process (cgroups(7)). The zero value reads the system's own.
type cgroups struct {
	self string // /proc/self/cgroup
	root string // /sys/fs/cgroup
}

func (c cgroups) files() (self, root string) {
	self, root = c.self, c.root
	if self == "" {
		self = "/proc/self/cgroup"
	}
	if root == "" {
		root = "/sys/fs/cgroup"
	}
	return self, root
}

// hierarchy is one line of /proc/self/cgroup.
type hierarchy struct {
	controllers []string // none in version 2
	path        string
}

// parseHierarchies reads /proc/self/cgroup. Lines that it does not know are passed over.
func parseHierarchies(body []byte) []hierarchy {
	var all []hierarchy
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		_, rest, ok := strings.Cut(lines.Text(), ":")
		names, where, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || !path.IsAbs(where) {
			continue
		}
		h := hierarchy{path: path.Clean(where)}
		if names != "" {
			h.controllers = strings.Split(names, ",")
		}
		all = append(all, h)
	}
	return all
}

// dirs are where a controller's files of this process and of all that is above it may be, the innermost first. A
// container sees its own group as the root, so that the path that the kernel tells may not be there.
func (c cgroups) dirs(controller string) (v1, v2 []string) {
	self, root := c.files()
	body, err := os.ReadFile(self)
	if err != nil {
		return nil, nil
	}
	for _, h := range parseHierarchies(body) {
		switch {
		case len(h.controllers) == 0:
			v2 = append(v2, upwards(root, h.path)...)
			v2 = append(v2, upwards(filepath.Join(root, "unified"), h.path)...)
		case slices.Contains(h.controllers, controller):
			v1 = append(v1, upwards(filepath.Join(root, controller), h.path)...)
			v1 = append(v1, upwards(filepath.Join(root, strings.Join(h.controllers, ",")), h.path)...)
		}
	}
	return v1, v2
}

func upwards(root, below string) (dirs []string) {
	for p := below; ; p = path.Dir(p) {
		dirs = append(dirs, filepath.Join(root, p))
		if p == "/" || p == "." {
			return dirs
		}
	}
}

// quota is how many cores the groups of this process may use: the smallest limit of all; false when there is none.
func (c cgroups) quota() (cores float64, ok bool) {
	cores = math.Inf(1)
	v1, v2 := c.dirs("cpu")
	for _, dir := range v2 {
		if body, err := os.ReadFile(filepath.Join(dir, "cpu.max")); err == nil {
			if n, err := parseCPUMax(body); err == nil {
				cores = min(cores, n)
			}
		}
	}
	for _, dir := range v1 {
		quota, err1 := readNumber(filepath.Join(dir, "cpu.cfs_quota_us"))
		period, err2 := readNumber(filepath.Join(dir, "cpu.cfs_period_us"))
		if err1 == nil && err2 == nil && quota > 0 && period > 0 {
			cores = min(cores, float64(quota)/float64(period))
		}
	}
	return cores, !math.IsInf(cores, 1)
}

// parseCPUMax reads cpu.max: "max 100000" is no limit, which is an infinity of cores.
func parseCPUMax(body []byte) (float64, error) {
	f := strings.Fields(string(body))
	if len(f) < 1 || len(f) > 2 {
		return 0, fmt.Errorf("cpu.max: %d fields", len(f))
	}
	if f[0] == "max" {
		return math.Inf(1), nil
	}
	period := 100000.0
	var err error
	if len(f) == 2 {
		if period, err = strconv.ParseFloat(f[1], 64); err != nil {
			return 0, fmt.Errorf("cpu.max: %w", err)
		}
	}
	quota, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		return 0, fmt.Errorf("cpu.max: %w", err)
	}
	if !(quota > 0) || !(period > 0) || math.IsInf(quota, 0) || math.IsInf(period, 0) {
		return 0, fmt.Errorf("cpu.max: %s of %g", f[0], period)
	}
	return quota / period, nil
}

// workingSet is the memory of the innermost group that can be read, in bytes, without the file pages that the kernel
// gives up at once when they are needed.
func (c cgroups) workingSet() (int64, error) {
	v1, v2 := c.dirs("memory")
	for _, dir := range v2 {
		if n, err := groupMemory(dir, "memory.current", "inactive_file"); err == nil {
			return n, nil
		}
	}
	for _, dir := range v1 {
		if n, err := groupMemory(dir, "memory.usage_in_bytes", "total_inactive_file"); err == nil {
			return n, nil
		}
	}
	return 0, errNoCgroup
}

func groupMemory(dir, usage, inactive string) (int64, error) {
	used, err := readNumber(filepath.Join(dir, usage))
	if err != nil {
		return 0, err
	}
	stat, err := os.ReadFile(filepath.Join(dir, "memory.stat"))
	if err != nil {
		return 0, err
	}
	idle, err := parseMemoryStat(stat, inactive)
	if err != nil {
		return 0, err
	}
	return max(used-idle, 0), nil
}

// parseMemoryStat finds one line's number of memory.stat.
func parseMemoryStat(body []byte, key string) (int64, error) {
	lines := bufio.NewScanner(bytes.NewReader(body))
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || name != key {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("memory.stat: %s is %q", key, value)
		}
		return n, nil
	}
	return 0, fmt.Errorf("memory.stat: no %s", key)
}

func readNumber(file string) (int64, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(body)), 10, 64)
}
