package outlets

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

const (
	stageBucket = "stage"
	stageTaken  = 20 * time.Second // until a server has the stream
)

// stage is what a row of the matrix needs: a lab, a page or a room, and servers to send and to upload to.
type stage struct {
	*lab.Lab
	dir   string
	page  *page.Server
	nginx *rig.RTMPServer
	front *rig.FaultProxy // with TLS, before nginx
	srt   *rig.SRTListener
	store *objects.Server // nil = files stay here
	url   string          // of the stream
}

func (r row) newStage(ctx context.Context) (s *stage, err error) {
	s = &stage{}
	if s.dir, err = os.MkdirTemp("", "stage-*"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	o := lab.Options{Name: "outlets", Rig: rig.Options{Config: map[string]any{"browser_pool": 0}}}
	if r.page() == "" {
		o.Participants = participants
	}
	if r.s3 {
		if s.store, err = objects.Start(filepath.Join(s.dir, "store"), stageBucket); err != nil {
			return nil, err
		}
		o.Rig.Config["storage"] = map[string]any{"s3": map[string]any{
			"access_key": "AKIDOFTHERIG", "secret": "secretoftherig", "bucket": stageBucket, "endpoint": s.store.URL(), "region": "us-east-1",
		}}
	}
	if r.has("stream") {
		if err = s.startServer(ctx, r.made, &o.Rig); err != nil {
			return nil, err
		}
	}
	if s.page, err = lab.ServePages(ctx, publish.Size{Width: 640, Height: 360}); err != nil {
		return nil, err
	}
	s.Lab, err = lab.New(ctx, o)
	return s, err
}

// startServer runs the server that the stream goes to.
func (s *stage) startServer(ctx context.Context, kind string, o *rig.Options) (err error) {
	if kind == "srt" {
		if s.srt, err = rig.StartSRTListener(ctx, s.dir, "srt", passphrase, 0); err != nil {
			return err
		}
		s.url = fmt.Sprintf("srt://127.0.0.1:%d?passphrase=%s&latency=200", s.srt.Port, passphrase)
		return nil
	}
	if s.nginx, err = rig.StartRTMPServer(ctx, filepath.Join(s.dir, "nginx")); err != nil {
		return err
	}
	s.url = s.nginx.URL("live", streamKey)
	if kind != "rtmps" {
		return nil
	}
	certs, err := rig.NewCertificates(filepath.Join(s.dir, "certificates"), "localhost")
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(certs.Server, certs.ServerKey)
	if err != nil {
		return err
	}
	if s.front, err = rig.NewFaultProxy(s.nginx.Port, &tls.Config{Certificates: []tls.Certificate{pair}}); err != nil {
		return err
	}
	s.url = rig.StreamURL("rtmps", s.front.Port, "live", streamKey)
	o.Env = append(o.Env, "SSL_CERT_FILE="+certs.Authority)
	return nil
}

// onAir waits until the server has taken the stream.
func (s *stage) onAir(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, stageTaken)
	defer cancel()
	_, err := s.API.WaitEgress(ctx, id, func(i *livekit.EgressInfo) bool { return len(i.StreamResults) == 1 && started(i.StreamResults) })
	return err
}

// root is what names of files are put behind.
func (s *stage) root() string {
	if s.store != nil {
		return ""
	}
	return s.Media
}

// fetch gives the folder in which everything that was stored is.
func (s *stage) fetch() (string, error) {
	if s.store == nil {
		return s.Media, nil
	}
	dir := filepath.Join(s.dir, "fetched")
	keys, err := s.store.Keys(stageBucket)
	for _, key := range keys {
		body, readErr := s.store.Read(stageBucket, key)
		path := filepath.Join(dir, key)
		err = errors.Join(err, readErr, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, body, 0o644))
	}
	return dir, err
}

// received is the one session that the server got.
func (s *stage) received() (string, error) {
	if s.srt != nil {
		s.srt.Finish()
		return s.srt.Path, nil
	}
	got, err := s.nginx.Recordings(streamKey)
	if err == nil && len(got) != 1 {
		err = fmt.Errorf("the server had %d sessions", len(got))
	}
	if err != nil {
		return "", err
	}
	return got[0], nil
}

func (s *stage) close() {
	if s.Lab != nil {
		_ = s.Lab.Close()
	}
	if s.page != nil {
		s.page.Close()
	}
	if s.front != nil {
		_ = s.front.Close()
	}
	if s.nginx != nil {
		s.nginx.Close()
	}
	if s.srt != nil {
		s.srt.Kill()
	}
	if s.store != nil {
		s.store.Close()
	}
	_ = os.RemoveAll(s.dir)
}
