package rig

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// SRTListener is an ffmpeg that waits for one SRT caller and records what comes as it is.
type SRTListener struct {
	*Child
	Port int
	Path string // of the recording, MPEG-TS
}

// StartSRTListener runs it on a free port, with its files in dir; port 0 = a free one.
func StartSRTListener(ctx context.Context, dir, name, passphrase string, port int) (*SRTListener, error) {
	if port == 0 {
		ports, err := FreePorts(1)
		if err != nil {
			return nil, err
		}
		port = ports[0]
	}
	s := &SRTListener{Port: port, Path: filepath.Join(dir, name+".ts")}
	url := fmt.Sprintf("srt://127.0.0.1:%d?mode=listener&passphrase=%s", port, passphrase)
	args := []string{"-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-copyts", "-i", url, "-c", "copy",
		"-muxdelay", "0", "-muxpreload", "0", "-flush_packets", "1", s.Path}
	var err error
	if s.Child, err = Launch("srt listener", "ffmpeg", args, nil, filepath.Join(dir, name+".log")); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.waitFor(ctx, "SRT port", func() bool { return bound(port) }); err != nil {
		s.Kill()
		return nil, err
	}
	return s, nil
}

// Finish ends the recording.
func (s *SRTListener) Finish() {
	_ = s.Signal(syscall.SIGINT)
	select {
	case <-s.Done():
	case <-time.After(5 * time.Second):
		s.Kill()
	}
}

// bound tells whether somebody has the UDP port of the loopback.
func bound(port int) bool {
	table, err := os.ReadFile("/proc/net/udp")
	return err == nil && strings.Contains(string(table), fmt.Sprintf("0100007F:%04X", port))
}
