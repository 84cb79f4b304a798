package browser

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/ffpipe"
)

const sinkName = "recording"

// sound is a running PulseAudio with one null sink. Every Chromium has its own:
// it starts in 30 ms, and there is no sink to reap and no client limit to meet.
type sound struct {
	proc   *ffpipe.Proc
	socket string
}

// soundConfig keeps the sink at the programme's rate whatever a client asks.
const soundConfig = `default-sample-format = s16le
default-sample-rate = 48000
alternate-sample-rate = 48000
default-sample-channels = 2
flat-volumes = no
`

func soundArgs(socket string) []string {
	return []string{
		"-n", // no configuration of the system's
		"--daemonize=no", "--system=false", "--use-pid-file=no", "--exit-idle-time=-1",
		"--realtime=no", "--high-priority=no",
		"--log-target=stderr", "--log-level=notice",
		// Without rewinds the sink renders 50 ms ahead when idle, otherwise 2 s:
		// whoever connects first would then hear nothing for as long.
		"-L", "module-null-sink sink_name=" + sinkName + " format=s16le rate=48000 channels=2 norewinds=1",
		// After the sink: who can connect finds it.
		"-L", "module-native-protocol-unix auth-anonymous=1 socket=" + socket,
	}
}

// startSound starts a PulseAudio and waits until it accepts clients.
func startSound(ctx context.Context, o *Options, dir string) (*sound, error) {
	home := filepath.Join(dir, "pulse")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, fmt.Errorf("start pulseaudio: %w", err)
	}
	config := filepath.Join(home, "daemon.conf")
	if err := os.WriteFile(config, []byte(soundConfig), 0o600); err != nil {
		return nil, fmt.Errorf("start pulseaudio: %w", err)
	}
	s := &sound{socket: filepath.Join(home, "native")}
	proc, err := ffpipe.Start(ffpipe.Command{
		Name: "pulseaudio",
		Path: o.PulseAudio,
		Args: soundArgs(s.socket),
		Env: baseEnv(dir,
			"PULSE_RUNTIME_PATH="+home, "PULSE_STATE_PATH="+home, "PULSE_CONFIG="+config, "DISPLAY="),
		Stop: ffpipe.StopLadder{Interrupt: true, InterruptWait: time.Second},
		Log:  o.Log,
	})
	if err != nil {
		return nil, err
	}
	s.proc = proc
	ready := make(chan error, 1)
	stop := make(chan struct{})
	go func() { ready <- dialUntil(s.socket, stop) }()
	if err := awaitReady(ctx, proc, ready, func() { close(stop) }); err != nil {
		return nil, fmt.Errorf("start pulseaudio: %w", err)
	}
	return s, nil
}

// dialUntil waits for a unix socket that accepts, or for stop. PulseAudio has
// no way to tell that it is ready, so its socket is asked.
func dialUntil(socket string, stop <-chan struct{}) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-stop:
			return err
		case <-tick.C:
		}
	}
}

func (s *sound) server() string { return "unix:" + s.socket }

func (s *sound) stop(ctx context.Context, log *slog.Logger) {
	if err := s.proc.Stop(ctx); err != nil {
		log.Debug("pulseaudio did not end cleanly", "err", err)
	}
}
