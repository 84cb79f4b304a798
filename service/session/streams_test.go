package session

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/outputs"
	"github.com/ffegress/ffegress/service/plan"
)

const (
	streamActive   = livekit.StreamInfo_ACTIVE
	streamFinished = livekit.StreamInfo_FINISHED
	streamFailed   = livekit.StreamInfo_FAILED
)

// streamed is a session whose plan streams to the urls; with file it makes its file too.
func streamed(t *testing.T, file bool, urls ...string) *testRun {
	return startTest(t, t.Context(), func(p *plan.Plan, _ *fakeSource) {
		p.Streams = plan.Streams{Protocol: outputs.RTMP, Window: time.Second}
		if !file {
			p.File = plan.File{}
			p.Info.FileResults = nil
			//lint:ignore SA1019 clients of the first API generation read it
			p.Info.Result = &livekit.EgressInfo_Stream{Stream: &livekit.StreamInfoList{}}
		}
		for _, raw := range urls {
			u, err := outputs.ParseStreamURL(raw)
			if err != nil {
				t.Fatal(err)
			}
			p.Streams.URLs = append(p.Streams.URLs, u)
			p.Info.StreamResults = append(p.Info.StreamResults, &livekit.StreamInfo{Url: u.String()})
		}
	})
}

// address is a port of this machine at which nobody is.
func address(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// server is an ffmpeg that one stream can be published to; received waits for its end and tells the size of what it got.
func server(t *testing.T) (url string, received func() int64) {
	t.Helper()
	url = "rtmp://" + address(t) + "/live/secret-key"
	got := filepath.Join(t.TempDir(), "got.flv")
	cmd := exec.Command("ffmpeg", "-loglevel", "error", "-nostdin", "-listen", "1", "-i", url, "-c", "copy", got)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	return url, func() int64 {
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Fatal("the server still waits for the stream's end")
		}
		st, err := os.Stat(got)
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
}

// sees waits until the info is as wanted.
func (r *testRun) sees(t *testing.T, what string, ok func(*livekit.EgressInfo) bool) *livekit.EgressInfo {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		info, err := r.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ok(info) {
			return info
		}
		if time.Now().After(end) {
			t.Fatalf("never: %s; %v", what, info.StreamResults)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

// TestStreamsComeAndGo: a stream that is added gets media; when the last is taken out an egress of streams is complete.
func TestStreamsComeAndGo(t *testing.T) {
	first, gotFirst := server(t)
	second, gotSecond := server(t)
	r := streamed(t, false, first)
	r.sees(t, "the first stream starts", func(i *livekit.EgressInfo) bool { return i.StreamResults[0].StartedAt > 0 })
	info, err := r.UpdateStream(t.Context(), []string{second, second}, nil)
	if err != nil || len(info.StreamResults) != 2 || info.StreamResults[1].Status != streamActive || info.StreamResults[1].StartedAt != 0 {
		t.Fatalf("%v, %v", err, info)
	}
	//lint:ignore SA1019 clients of the first API generation read it
	if old := info.GetStream().GetInfo(); len(old) != 2 {
		t.Errorf("the deprecated result has %d streams", len(old))
	}
	r.sees(t, "the second stream starts", func(i *livekit.EgressInfo) bool { return i.StreamResults[1].StartedAt > 0 })
	info, err = r.UpdateStream(t.Context(), nil, []string{first})
	if err != nil || info.Status != stActive || info.StreamResults[0].Status != streamFinished || info.StreamResults[0].Duration <= 0 {
		t.Fatalf("%v, %v", err, info)
	}
	if size := gotFirst(); size < 1000 {
		t.Errorf("the first server got %d bytes", size)
	}
	r.sees(t, "more of the second stream", func(i *livekit.EgressInfo) bool { return true })
	info, err = r.UpdateStream(t.Context(), nil, []string{second})
	if err != nil || info.Status != stEnding || info.Details != "End reason: All streams stopped" {
		t.Fatalf("%v, %v", err, info)
	}
	if size := gotSecond(); size < 1000 {
		t.Errorf("the second server got %d bytes", size)
	}
	final := r.wait(t)
	if final.Status != stComplete || final.Error != "" || final.Details != "End reason: All streams stopped" {
		t.Errorf("%v", final)
	}
	for _, s := range final.StreamResults {
		if s.Status != streamFinished || s.EndedAt != s.StartedAt+s.Duration || s.Error != "" || strings.Contains(s.Url, "secret-key") {
			t.Errorf("%v", s)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	want := []livekit.EgressStatus{stActive, stActive, stActive, stActive, stEnding, stComplete} // with one for each start and the removal
	if len(r.told) != len(want) {
		t.Errorf("told %v, want %v", r.told, want)
	}
}

// TestStreamFailsBesideFile: a dead server costs the file nothing.
func TestStreamFailsBesideFile(t *testing.T) {
	r := streamed(t, true, "rtmp://"+address(t)+"/live/secret-key")
	info := r.sees(t, "the stream fails", func(i *livekit.EgressInfo) bool {
		return len(i.StreamResults) > 0 && i.StreamResults[0].Status == streamFailed
	})
	s := info.StreamResults[0]
	if info.Status != stActive || !strings.HasPrefix(s.Error, "could not connect") || s.Retries == 0 || s.LastRetryAt == 0 || s.StartedAt != s.EndedAt || s.Duration != 0 {
		t.Errorf("%v", info)
	}
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	final := r.wait(t)
	r.expect(t, final, true, stActive, stActive, stEnding, stComplete)
	if final.StreamResults[0].Status != streamFailed {
		t.Errorf("%v", final.StreamResults)
	}
}

// TestAllStreamsFail: an egress of streams fails with the last of them.
func TestAllStreamsFail(t *testing.T) {
	r := streamed(t, false, "rtmp://"+address(t)+"/live/secret-key", "rtmp://"+address(t)+"/live/secret-key")
	final := r.wait(t)
	r.expect(t, final, false, stActive, stFailed)
	if final.ErrorCode != 503 || !strings.Contains(final.Error, "could not connect") || strings.Contains(final.Error, "secret-key") {
		t.Errorf("%d %q", final.ErrorCode, final.Error)
	}
	for _, s := range final.StreamResults {
		if s.Status != streamFailed {
			t.Errorf("%v", s)
		}
	}
}

func TestUpdateStreamErrors(t *testing.T) {
	r := streamed(t, true, "rtmp://"+address(t)+"/live/secret-key")
	unknown := "rtmp://" + address(t) + "/live/secret-other"
	added := "rtmp://" + address(t) + "/live/secret-third"
	_, err := r.UpdateStream(t.Context(), []string{"srt://h:1", added}, []string{unknown, "nonsense"})
	want := "invalid url srt://h:1: invalid scheme\ninvalid url {url}: invalid scheme\nstream " + strings.Replace(unknown, "secret-other", "{sec...her}", 1) + " not found"
	var typed psrpc.Error
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	} else if !errors.As(err, &typed) || typed.Code() != psrpc.InvalidArgument {
		t.Errorf("code of %v", err)
	}
	r.sees(t, "what could be added", func(i *livekit.EgressInfo) bool { return len(i.StreamResults) == 2 })
	if _, err := r.UpdateStream(t.Context(), nil, []string{added}); err != nil {
		t.Error(err)
	}
	r.recorded(t)
	if _, err := r.Stop(t.Context(), ReasonAPI); err != nil {
		t.Fatal(err)
	}
	r.wait(t)
	if _, err := r.UpdateStream(t.Context(), []string{added}, nil); !errors.As(err, &typed) || typed.Code() != psrpc.NotFound {
		t.Errorf("after the end: %v", err)
	}
	plain := startTest(t, t.Context(), nil)
	if _, err := plain.UpdateStream(t.Context(), []string{added}, nil); err == nil || err.Error() != "UpdateStream called on non-streaming egress" {
		t.Errorf("without streams: %v", err)
	}
	plain.recorded(t)
	_, _ = plain.Stop(t.Context(), ReasonAPI)
	plain.wait(t)
}

// TestUpdateStreamWhileStarting: it waits for the start.
func TestUpdateStreamWhileStarting(t *testing.T) {
	opening, goOn := make(chan struct{}), make(chan struct{})
	r := startTest(t, t.Context(), func(p *plan.Plan, f *fakeSource) {
		p.Streams = plan.Streams{Protocol: outputs.RTMP, Window: time.Second}
		f.open = func(context.Context) error {
			close(opening)
			<-goOn
			f.events <- Event{Kind: EventStarted}
			return nil
		}
	})
	<-opening
	type reply struct {
		info *livekit.EgressInfo
		err  error
	}
	replies := make(chan reply, 1)
	go func() {
		info, err := r.UpdateStream(t.Context(), []string{"rtmp://127.0.0.1:1/live/key"}, nil)
		replies <- reply{info, err}
	}()
	if info, err := r.Info(t.Context()); err != nil || len(info.StreamResults) != 0 {
		t.Errorf("%v, %v", info, err)
	}
	close(goOn)
	if a := <-replies; a.err != nil || a.info.Status != stActive || len(a.info.StreamResults) != 1 {
		t.Errorf("%v, %v", a.info, a.err)
	}
	r.recorded(t)
	_, _ = r.Stop(t.Context(), ReasonAPI)
	r.wait(t)
}
