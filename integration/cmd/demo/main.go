package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	room    = "demo"
	length  = 15 * time.Second
	timeout = 5 * time.Minute
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) { fmt.Printf("demo: "+format+"\n", args...) }

func run(ctx context.Context) (err error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return err
	}
	dir := filepath.Join(cache, "demo")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	servers, err := start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.Close()) }()
	say("three participants join room %q with pictures and tones", room)
	p, err := servers.Publish(ctx, publish.Options{Room: room, Participants: 3})
	if err != nil {
		return err
	}
	defer p.Close()
	info, err := record(ctx, servers.API, filepath.Join(dir, "{room_name}-{time}.mp4"))
	if err != nil {
		return err
	}
	return show(ctx, info)
}

// start brings up `ffegress serve --dev` with its own Redis, and livekit-server on it.
func start(ctx context.Context, dir string) (*rig.Rig, error) {
	ports, err := rig.FreePorts(2)
	if err != nil {
		return nil, err
	}
	r := &rig.Rig{Dir: dir}
	redis := fmt.Sprintf("127.0.0.1:%d", ports[0])
	binary, err := rig.BuildFFegress(ctx, false)
	if err != nil {
		return nil, err
	}
	// livekit-server needs Redis first, and the recorder needs to know where livekit-server is: the
	// recorder only uses that when a recording starts, so its port is chosen here.
	livekitPort, err := rig.FreePorts(1)
	if err != nil {
		return nil, err
	}
	body := fmt.Sprintf("ws_url: ws://127.0.0.1:%d\napi_key: %s\napi_secret: %s\ntemplate_port: %d\nwork_dir: %s\n",
		livekitPort[0], rig.APIKey, rig.APISecret, ports[1], filepath.Join(dir, "work"))
	say("starting ffegress serve --dev")
	child, err := rig.Launch("ffegress", binary, []string{"serve", "--dev", "--dev-redis", redis, "--config-body", body},
		nil, filepath.Join(dir, "ffegress.log"))
	if err != nil {
		return nil, err
	}
	r.Egress = &rig.Egress{Child: child, Dir: dir}
	if err := waitListening(ctx, redis, child); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	say("starting livekit-server")
	if r.LiveKit, err = rig.StartLiveKitOn(ctx, dir, livekitPort[0], map[string]any{"address": redis}, ""); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.API = &rig.API{URL: r.LiveKit.HTTP(), Key: rig.APIKey, Secret: rig.APISecret}
	return r, nil
}

func waitListening(ctx context.Context, addr string, child *rig.Child) error {
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-child.Done():
			return fmt.Errorf("ffegress ended: %s", child.Tail(5))
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", addr, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// record asks livekit-server for a room composite, as livekit-cli does, and waits for its end.
func record(ctx context.Context, api *rig.API, path string) (*livekit.EgressInfo, error) {
	info, err := api.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
		RoomName: room, Layout: "speaker",
		FileOutputs: []*livekit.EncodedFileOutput{{Filepath: path}},
	})
	if err != nil {
		return nil, err
	}
	say("egress %s accepted", info.EgressId)
	info, err = api.WaitEgress(ctx, info.EgressId, func(i *livekit.EgressInfo) bool {
		return i.Status >= livekit.EgressStatus_EGRESS_ACTIVE
	})
	if err != nil {
		return nil, err
	}
	say("recording for %v", length)
	select {
	case <-time.After(length):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if _, err = api.Stop(ctx, info.EgressId); err != nil {
		return nil, err
	}
	info, err = api.WaitEgress(ctx, info.EgressId, rig.Terminal)
	if err != nil {
		return nil, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return nil, fmt.Errorf("the egress ended %v: %s", info.Status, info.Error)
	}
	return info, nil
}

// show prints what was recorded.
func show(ctx context.Context, info *livekit.EgressInfo) error {
	path := info.FileResults[0].Location
	probe := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-show_entries",
		"stream=codec_name,profile,width,height,avg_frame_rate,sample_rate,channels,duration,bit_rate", "-of", "compact=p=0", path)
	out, err := probe.CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffprobe: %w: %s", err, out)
	}
	sheet := strings.TrimSuffix(path, ".mp4") + ".png"
	tile := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-y", "-i", path, "-vf", "fps=1/2,scale=426:-2,tile=3x2", "-frames:v", "1", sheet)
	if out, err := tile.CombinedOutput(); err != nil {
		return fmt.Errorf("contact sheet: %w: %s", err, out)
	}
	say("the recording: %s (%.1f s, %.1f MB)", path, time.Duration(info.FileResults[0].Duration).Seconds(), float64(info.FileResults[0].Size)/1e6)
	fmt.Print(string(out))
	say("the contact sheet: %s", sheet)
	return nil
}
