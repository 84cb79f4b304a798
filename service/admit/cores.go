package admit

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
)

// cpuRequestEnv overrides what was found, as in all of LiveKit's servers.
const cpuRequestEnv = "LIVEKIT_CPU_REQUEST"

// Cores is how many cores this process may use: LIVEKIT_CPU_REQUEST, or the smallest of those that it may run on and its
// cgroup's quota. The error says why the variable is not used; the number holds all the same.
func Cores() (float64, error) {
	cores := float64(runtime.NumCPU()) // by its affinity
	if quota, ok := (cgroups{}).quota(); ok {
		cores = min(cores, quota)
	}
	return requested(os.Getenv(cpuRequestEnv), cores)
}

func requested(env string, found float64) (float64, error) {
	if env == "" {
		return found, nil
	}
	n, err := strconv.ParseFloat(env, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		return found, fmt.Errorf("%s: %q is no number of cores; %g are used", cpuRequestEnv, env, found)
	}
	return n, nil
}

// WorkingSet is the memory of this process' cgroup, in bytes. Its error is that there is none to be read.
func WorkingSet() (int64, error) { return cgroups{}.workingSet() }
