package outlets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	studioStart = 60 * time.Second
	studioEnd   = 90 * time.Second
)

// studio is a page on air: the servers, the recorder, and an RTMP server to stream to.
type studio struct {
	*rig.Rig
	dir   string
	page  *page.Server
	nginx *rig.RTMPServer
	certs *rig.Certificates // of the servers with TLS, which the recorder trusts
	id    string            // of the egress

	secrets []string
	watch   context.CancelFunc
	watched sync.WaitGroup
	seen    []string // commands of children with a secret in them
	senders map[int]rig.Process
}

// newStudio starts everything. The secrets are watched for in every command line of the recorder's children.
func newStudio(ctx context.Context, secrets ...string) (*studio, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	binary, err := rig.BuildFFegress(ctx, false)
	if err != nil {
		return nil, err
	}
	scratch := filepath.Join(cache, "outlets")
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(scratch, "studio-*")
	if err != nil {
		return nil, err
	}
	s := &studio{dir: dir, secrets: secrets, senders: map[int]rig.Process{}}
	if s.certs, err = rig.NewCertificates(filepath.Join(dir, "certificates"), "localhost"); err != nil {
		return nil, err
	}
	if s.nginx, err = rig.StartRTMPServer(ctx, filepath.Join(dir, "nginx")); err != nil {
		return nil, err
	}
	s.page, err = page.Start(ctx, publish.Cache{Dir: filepath.Join(cache, "material")}, publish.Size{Width: 640, Height: 360})
	if err == nil {
		s.Rig, err = rig.Start(ctx, rig.Options{
			Binary: binary, Dir: dir, Config: map[string]any{"browser_pool": 0}, Env: []string{"SSL_CERT_FILE=" + s.certs.Authority},
		})
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.watchCommands()
	return s, nil
}

func (s *studio) close() error {
	if s.watch != nil {
		s.watch()
		s.watched.Wait()
	}
	var err error
	if s.Rig != nil {
		err = s.Rig.Close()
	}
	if s.page != nil {
		s.page.Close()
	}
	s.nginx.Close()
	return err
}

// watchCommands looks at the recorder's children ten times a second.
func (s *studio) watchCommands() {
	ctx, cancel := context.WithCancel(context.Background())
	s.watch = cancel
	s.watched.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			all, err := rig.Descendants(s.Egress.PID)
			if err != nil {
				continue
			}
			for _, p := range all {
				command := strings.Join(p.Args, " ")
				if slices.ContainsFunc(s.secrets, func(secret string) bool { return strings.Contains(command, secret) }) {
					s.seen = append(s.seen, command)
				}
				if isSender(p) {
					s.senders[p.PID] = p
				}
			}
		}
	})
}

// isSender tells the children that copy to a server: they alone read options from a descriptor.
func isSender(p rig.Process) bool { return slices.Contains(p.Args, "-fpre") }

// front is a proxy with TLS before the RTMP server, or without.
func (s *studio) front(certs *rig.Certificates) (*rig.FaultProxy, error) {
	if certs == nil {
		return rig.NewFaultProxy(s.nginx.Port, nil)
	}
	cert, err := tls.LoadX509KeyPair(certs.Server, certs.ServerKey)
	if err != nil {
		return nil, err
	}
	return rig.NewFaultProxy(s.nginx.Port, &tls.Config{Certificates: []tls.Certificate{cert}})
}

// file is where the recording beside the streams goes.
func (s *studio) file() string { return filepath.Join(s.dir, "media", "beside.mp4") }

// air starts an egress of the page to the urls, beside a file if wanted, and waits until it is active.
func (s *studio) air(ctx context.Context, file bool, urls ...string) error {
	req := &livekit.WebEgressRequest{
		Url: s.page.Card(500*time.Millisecond, -1), AwaitStartSignal: true,
		StreamOutputs: []*livekit.StreamOutput{{Urls: urls}},
		Options: &livekit.WebEgressRequest_Advanced{Advanced: &livekit.EncodingOptions{
			Width: 640, Height: 360, VideoBitrate: 1500, KeyFrameInterval: 2,
		}},
	}
	if file {
		req.FileOutputs = []*livekit.EncodedFileOutput{{Filepath: s.file()}}
	}
	info, err := s.API.StartWeb(ctx, req)
	if err != nil {
		return fmt.Errorf("start egress: %w", err)
	}
	s.id = info.EgressId
	ctx, cancel := context.WithTimeout(ctx, studioStart)
	defer cancel()
	info, err = s.API.WaitEgress(ctx, s.id, func(i *livekit.EgressInfo) bool { return i.Status >= livekit.EgressStatus_EGRESS_ACTIVE })
	if err == nil && info.Status != livekit.EgressStatus_EGRESS_ACTIVE {
		err = fmt.Errorf("the egress is %v: %s", info.Status, info.Error)
	}
	return err
}

// streams waits until the results of the streams, as the API tells them, are as wanted.
func (s *studio) streams(ctx context.Context, within time.Duration, want func([]*livekit.StreamInfo) bool) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return s.API.WaitEgress(ctx, s.id, func(i *livekit.EgressInfo) bool { return want(i.StreamResults) })
}

// started is that all streams have been taken by their servers.
func started(all []*livekit.StreamInfo) bool {
	return !slices.ContainsFunc(all, func(i *livekit.StreamInfo) bool { return i.StartedAt == 0 })
}

// stop ends the egress and gives its terminal info.
func (s *studio) stop(ctx context.Context) (*livekit.EgressInfo, error) {
	if _, err := s.API.Stop(ctx, s.id); err != nil {
		return nil, fmt.Errorf("stop egress: %w", err)
	}
	return s.end(ctx)
}

func (s *studio) end(ctx context.Context) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, studioEnd)
	defer cancel()
	return s.API.WaitEgress(ctx, s.id, rig.Terminal)
}

// secretless notes every place in which a secret was seen.
func (s *studio) secretless(o *accept.Outcome, info *livekit.EgressInfo) {
	s.watch()
	s.watched.Wait()
	o.Add("commands of senders looked at", "%d", len(s.senders))
	o.Want(len(s.senders) > 0, "no sender was seen")
	o.Want(len(s.seen) == 0, "a secret in a command line: %q", s.seen)
	log, err := os.ReadFile(s.Egress.LogPath)
	o.Want(err == nil && len(log) > 0, "the log: %v", err)
	told := []string{info.String()}
	for _, hook := range s.Webhooks.Egress(s.id) {
		told = append(told, hook.Event.String())
	}
	for _, secret := range s.secrets {
		o.Want(!strings.Contains(string(log), secret), "%q is in the log", secret)
		o.Want(!slices.ContainsFunc(told, func(text string) bool { return strings.Contains(text, secret) }), "%q is in an EgressInfo", secret)
	}
}

// onAir lets it run; it is not a wait for something to happen.
func onAir(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
