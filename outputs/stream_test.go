package outputs

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// live is a hub with media that goes on until the test stops it: a second of it ten times a second.
func live(t *testing.T) (h *Hub, stop func()) { return liveEvery(t, 100*time.Millisecond) }

func liveEvery(t *testing.T, d time.Duration) (h *Hub, stop func()) {
	t.Helper()
	h = avHub()
	data, quit, ended := testdata(t, "av44.mp4"), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if err := h.Run(bytes.NewReader(data), h.End()); err != nil {
				t.Errorf("hub: %v", err)
				return
			}
			select {
			case <-quit:
				h.Close(nil)
				return
			case <-time.After(d):
			}
		}
	}()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			close(quit)
			<-ended
		}
	}
	t.Cleanup(stop)
	return h, stop
}

func startStream(t *testing.T, h *Hub, raw string, change func(*Stream)) *Stream {
	t.Helper()
	u, err := ParseStreamURL(raw)
	if err != nil {
		t.Fatal(err)
	}
	s := &Stream{Hub: h, FFmpeg: "ffmpeg", URL: u}
	if change != nil {
		change(s)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// failsWith waits for a stream to be given up.
func (s *Stream) failsWith(t *testing.T, fault StreamFault, text string) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
		t.Fatalf("the stream goes on: %+v", s.State())
	}
	_, err := s.Finish(t.Context())
	if faultOf(err) != fault || !strings.Contains(err.Error(), text) {
		t.Errorf("%v, want %s: %s", err, fault, text)
	}
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("shows the key: %v", err)
	}
}

// streamTimes are the packets' times of decoding in what a server has recorded, in seconds.
func streamTimes(t *testing.T, path, kind string) []float64 {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "packet=dts_time", "-of", "csv=p=0", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var times []float64
	for line := range strings.Lines(string(out)) {
		text := strings.Trim(line, ",\n")
		if text == "" { // what stands beside a packet
			continue
		}
		at, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, at)
	}
	return times
}

func freePort(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().String()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// TestStreamReceived: what ffmpeg as a server gets is the hub's media, from near zero on.
func TestStreamReceived(t *testing.T) {
	for _, c := range []struct{ name, url, listen, file string }{
		{"RTMP", "rtmp://%/live/secret-stream-key", "rtmp://%/live/secret-stream-key", "got.flv"},
		{"SRT", "srt://%?passphrase=secret-pass-phrase&streamid=secret-id&latency=20", "srt://%?mode=listener&passphrase=secret-pass-phrase", "got.ts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			network := "tcp"
			if c.name == "SRT" {
				network = "udp"
			}
			address, got := freePort(t, network), filepath.Join(t.TempDir(), c.file)
			args := []string{"-hide_banner", "-loglevel", "error", "-nostdin"}
			if network == "tcp" {
				args = append(args, "-listen", "1")
			}
			server := exec.Command("ffmpeg", append(args, "-i", strings.Replace(c.listen, "%", address, 1), "-c", "copy", "-copyts", "-muxdelay", "0", "-muxpreload", "0", got)...)
			var said bytes.Buffer
			server.Stderr = &said
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			h, stop := live(t)
			s := startStream(t, h, strings.Replace(c.url, "%", address, 1), nil)
			waitFor(t, "the server to take it", func() bool { return s.State().Sending })
			begin := h.End()
			waitFor(t, "five seconds of media", func() bool { return h.End().Frame > begin.Frame+150 })
			stop()
			made, err := s.Finish(t.Context())
			if err != nil || made.Duration <= 0 {
				t.Errorf("%+v, %v", made, err)
			}
			// The material's sound is a packet longer than its picture: with each turn it is later.
			latest := 0.2 + float64(begin.Sample)/48000 - float64(begin.Frame)/30
			if network == "udp" { // it waits for the next one
				_ = server.Process.Signal(os.Interrupt)
			}
			if err := server.Wait(); err != nil && network == "tcp" {
				t.Errorf("server: %v: %s", err, said.String())
			}
			for _, kind := range []string{"v", "a"} {
				times := streamTimes(t, got, kind)
				if len(times) < 150 || times[0] > latest {
					t.Errorf("%s: %d packets, the first %.3v", kind, len(times), times[:min(len(times), 3)])
				}
				for i := range times[1:] {
					if times[i+1] <= times[i] {
						t.Fatalf("%s: packet %d at %.3f follows %.3f", kind, i+1, times[i+1], times[i])
					}
				}
			}
			if st := s.State(); st.Started.IsZero() || st.Ended.Before(st.Started) || st.Err != nil || st.Dropped != 0 {
				t.Errorf("%+v", st)
			}
		})
	}
}

func TestStreamRefused(t *testing.T) {
	server := newPublishServer(t, nil, func(s *publishServer) { s.refuse = status("error", "NetStream.Publish.BadName", "secret-stream-key") })
	h, _ := live(t)
	s := startStream(t, h, server.url("rtmp"), nil)
	s.failsWith(t, FaultRejected, "NetStream.Publish.BadName [redacted]")
	if st := s.State(); st.Retries != 0 || !st.Started.IsZero() || st.Ended.IsZero() {
		t.Errorf("%+v", st)
	}
	asked := bytes.ReplaceAll(server.asked[0], []byte{0xc3}, nil) // which begins each of a message's further chunks
	if !bytes.Contains(asked, amfText("secret-stream-key")) || !bytes.Contains(asked, amfText("rtmp://"+server.listen.Addr().String()+"/live")) {
		t.Error("the server was not told the key or the address that the client means")
	}
}

// TestStreamWrongPassphrase: an SRT listener that does not know the passphrase refuses at once.
func TestStreamWrongPassphrase(t *testing.T) {
	address := freePort(t, "udp")
	server := exec.Command("ffmpeg", "-loglevel", "error", "-nostdin", "-i", "srt://"+address+"?mode=listener&passphrase=another-one", "-f", "null", "-")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	waitFor(t, "the listener", func() bool { return udpBound(t, address) })
	h, _ := live(t)
	s := startStream(t, h, "srt://"+address+"?passphrase=secret-pass-phrase", nil)
	s.failsWith(t, FaultRejected, "passphrase")
}

func TestStreamNobody(t *testing.T) {
	h, _ := live(t)
	changes := make(chan struct{}, 100)
	s := startStream(t, h, "rtmp://"+freePort(t, "tcp")+"/live/secret-stream-key", func(s *Stream) {
		s.Window = 1500 * time.Millisecond
		s.Changed = func() { changes <- struct{}{} }
	})
	s.failsWith(t, FaultConnect, "connection refused")
	if st := s.State(); st.Retries < 1 || st.Retries > 4 || st.LastRetry.IsZero() || !st.Started.IsZero() {
		t.Errorf("%+v", st)
	}
	if len(changes) < 2 {
		t.Errorf("%d changes were told", len(changes))
	}
}

// TestStreamComesBack: a server that hangs up gets the stream again, on a keyframe; taking the stream out is a farewell.
func TestStreamComesBack(t *testing.T) {
	server := newPublishServer(t, nil, func(s *publishServer) { s.hold = 20_000 })
	h, _ := live(t)
	other := h.Subscribe("another", Lossless{})
	s := startStream(t, h, server.url("rtmp"), nil)
	waitFor(t, "a third connection", func() bool { n := server.connections(); return len(n) > 2 && n[2] > 1000 })
	if st := s.State(); st.Retries < 2 || st.Started.IsZero() || st.Err != nil {
		t.Errorf("%+v", st)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the hub goes on
	if _, err := s.Finish(ctx); err != nil {
		t.Errorf("taken out: %v", err)
	}
	if f, err := other.Next(t.Context()); err != nil || !f.Init {
		t.Errorf("another subscriber: %v", err)
	}
	other.Close()
}

// TestStreamStalls: a server that stays connected and reads nothing is found, what it could not take is dropped and
// counted, and the hub's other subscribers get everything meanwhile.
func TestStreamStalls(t *testing.T) {
	server := newPublishServer(t, nil, func(s *publishServer) { s.deaf = 10_000 })
	h, stop := liveEvery(t, 2*time.Millisecond) // more than all buffers hold
	s := startStream(t, h, server.url("rtmp"), func(s *Stream) { s.MaxQueue = 100_000 })
	waitFor(t, "the server to take it", func() bool { return s.State().Sending })
	other := h.Subscribe("another", Lossless{MaxBytes: 1 << 30})
	begin := time.Now()
	waitFor(t, "the stall to be found", func() bool { return s.State().Retries > 0 })
	if took := time.Since(begin); took < stallLimit-time.Second {
		t.Errorf("given up after %v", took)
	}
	if st := s.State(); st.Dropped == 0 || st.Err != nil {
		t.Errorf("%+v", st)
	}
	if _, err := s.Finish(cancelled(t)); err != nil {
		t.Error(err)
	}
	stop()
	end := int64(0)
	for i, f := range drain(t, other, io.EOF) {
		if i > 0 && f.VideoStart != end {
			t.Fatalf("another subscriber misses frames %d to %d", end, f.VideoStart)
		}
		end = f.VideoEnd
	}
}

// TestStreamTrust: a certificate that nobody vouches for ends the stream before its key is told.
func TestStreamTrust(t *testing.T) {
	cert, roots := selfSigned(t)
	server := newPublishServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, nil)
	h, _ := live(t)
	s := startStream(t, h, server.url("rtmps"), nil)
	s.failsWith(t, FaultCertificate, "unknown authority")
	if len(server.connections()) != 0 {
		t.Error("the server was spoken to")
	}
	trusting := startStream(t, h, server.url("rtmps"), func(s *Stream) { s.Roots = roots })
	waitFor(t, "the server to take it", func() bool { return trusting.State().Sending })
	if _, err := trusting.Finish(cancelled(t)); err != nil {
		t.Error(err)
	}
}

func TestStreamNoFFmpeg(t *testing.T) {
	server := newPublishServer(t, nil, nil)
	h, _ := live(t)
	s := startStream(t, h, server.url("rtmp"), func(s *Stream) { s.FFmpeg, s.Window = "no-such-ffmpeg", 500*time.Millisecond })
	s.failsWith(t, FaultChild, "no-such-ffmpeg")
}

// TestStreamNothing: where no media ever comes nobody is called.
func TestStreamNothing(t *testing.T) {
	server := newPublishServer(t, nil, nil)
	h := avHub()
	s := startStream(t, h, server.url("rtmp"), nil)
	h.Close(nil)
	if made, err := s.Finish(t.Context()); err != nil || made != (Result{}) {
		t.Errorf("%+v, %v", made, err)
	}
	if len(server.connections()) != 0 {
		t.Error("the server was called")
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// udpBound is whether somebody listens there: what is sent to nobody is no test of an answer.
func udpBound(t *testing.T, address string) bool {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(table), fmt.Sprintf("0100007F:%04X", n))
}
