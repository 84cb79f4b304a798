package outlets

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/page"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// planted are secrets of every kind that a request can bring; none may be found anywhere.
var planted = map[string]string{
	"stream key": "planted-stream-key", "rejected stream key": "planted-rejected-key", "unreachable stream key": "planted-unreachable-key",
	"unwanted stream key": "planted-unwanted-key", "mistyped stream key": "planted-mistyped-key",
	"passphrase": "planted-passphrase", "stream id": "planted-stream-id",
	"access key": "PLANTEDACCESSKEY", "storage secret": "planted-storage-secret", "session token": "planted-session-token",
	"page password": "planted-page-password", "page token": "planted-page-token-of-some-length",
	"socket password": "planted-socket-password", "socket token": "planted-socket-token",
}

// wire is a recorder with all its ports open, and what listens to it.
type wire struct {
	*lab.Lab
	pages *page.Server
	nginx *rig.RTMPServer
	srt   *rig.SRTListener
	store *objects.Server
	ear   *lab.Ear
}

// secrets uses them all, in what works and in what fails, and looks through all that is told.
func secrets(length time.Duration) accept.Case {
	return accept.Case{
		ID: "secrets", Line: 6, Title: "secrets of every kind in requests, looked for in all that is told",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			w, err := newWire(ctx)
			if err != nil {
				return err
			}
			defer w.close()
			for _, kind := range []func(context.Context, *accept.Outcome, time.Duration) error{w.encoded, w.calling, w.listening} {
				if err := kind(ctx, o, length); err != nil {
					return err
				}
			}
			return w.ear.Judge(o, planted)
		},
	}
}

func newWire(ctx context.Context) (w *wire, err error) {
	w = &wire{}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	ports, err := rig.FreePorts(2)
	if err != nil {
		return w, err
	}
	w.Lab, err = lab.New(ctx, lab.Options{Name: "outlets", Participants: 1, Rig: rig.Options{
		Config: map[string]any{"browser_pool": 0, "prometheus_port": ports[0], "debug_handler_port": ports[1]},
	}})
	if err != nil {
		return w, err
	}
	w.ear = w.Lab.Ear(ports[0], ports[1])
	if w.pages, err = lab.ServePages(ctx, publish.Size{Width: 640, Height: 360}); err != nil {
		return w, err
	}
	if w.nginx, err = rig.StartRTMPServer(ctx, filepath.Join(w.Media, "..", "nginx")); err != nil {
		return w, err
	}
	if w.srt, err = rig.StartSRTListener(ctx, filepath.Join(w.Media, ".."), "srt", planted["passphrase"], 0); err != nil {
		return w, err
	}
	w.store, err = objects.Start(filepath.Join(w.Media, "..", "store"), stageBucket)
	return w, err
}

func (w *wire) close() {
	if w.Lab != nil {
		_ = w.Lab.Close()
	}
	if w.pages != nil {
		w.pages.Close()
	}
	if w.nginx != nil {
		w.nginx.Close()
	}
	if w.srt != nil {
		w.srt.Kill()
	}
	if w.store != nil {
		w.store.Close()
	}
}

// encoded records a page whose address has secrets, to a store and to servers that take it, reject it and are not there.
func (w *wire) encoded(ctx context.Context, o *accept.Outcome, length time.Duration) error {
	s3 := &livekit.S3Upload{
		AccessKey: planted["access key"], Secret: planted["storage secret"], SessionToken: planted["session token"],
		Bucket: stageBucket, Endpoint: w.store.URL(), Region: "us-east-1",
	}
	url := strings.Replace(w.pages.Card(500*time.Millisecond, -1), "://", "://user:"+planted["page password"]+"@", 1)
	rtmp := func(port int, key string) string { return rig.StreamURL("rtmp", port, "live", planted[key]) }
	req := &livekit.WebEgressRequest{
		Url: url + "&access_token=" + planted["page token"], AwaitStartSignal: true,
		FileOutputs: []*livekit.EncodedFileOutput{{Filepath: "secrets.mp4", Output: &livekit.EncodedFileOutput_S3{S3: s3}}},
		StreamOutputs: []*livekit.StreamOutput{{Urls: []string{
			rtmp(w.nginx.Port, "stream key"), w.nginx.URL("closed", planted["rejected stream key"]), rtmp(1, "unreachable stream key"),
		}}},
		Options: &livekit.WebEgressRequest_Advanced{Advanced: &livekit.EncodingOptions{Width: 640, Height: 360, VideoBitrate: 1500, KeyFrameInterval: streamKeys}},
	}
	rec, err := w.Start(ctx, func() (*livekit.EgressInfo, error) { return w.API.StartWeb(ctx, req) })
	if err != nil {
		return err
	}
	if err := w.ear.Listen(ctx, length); err != nil {
		return err
	}
	for _, change := range []*livekit.UpdateStreamRequest{
		{AddOutputUrls: []string{"rtpm://127.0.0.1/live/" + planted["mistyped stream key"]}},
		{AddOutputUrls: []string{"rtmp://127.0.0.1/" + planted["mistyped stream key"]}},
		{RemoveOutputUrls: []string{rtmp(w.nginx.Port, "unwanted stream key")}},
	} {
		change.EgressId = rec.Info.EgressId
		_, err := w.API.UpdateStream(ctx, change)
		o.Want(err != nil, "UpdateStream takes %v", change)
		if err != nil {
			w.ear.Heard["errors of requests"] += err.Error() + "\n"
		}
	}
	info, _, err := rec.Stop(ctx)
	if err != nil {
		return err
	}
	o.Add("page", "%v: %s", info.Status, info.Error)
	for _, s := range info.StreamResults {
		o.Add(s.Url, "%v %s", s.Status, s.Error)
	}
	o.Want(info.StreamResults[0].Status == livekit.StreamInfo_FINISHED, "the stream did not go out: %v", info.StreamResults)
	if err := w.ear.Tell(info); err != nil {
		return err
	}
	s3.Bucket = "no-such-bucket"
	req.StreamOutputs = nil
	if info, err = w.API.StartWeb(ctx, req); err != nil {
		return err
	}
	rec = &lab.Recording{Lab: w.Lab, Info: info}
	if info, err = rec.End(ctx); err != nil {
		return err
	}
	o.Add("without a bucket", "%v: %s", info.Status, info.Error)
	o.Want(info.Error != "", "a bucket that is not there: %v", info)
	return w.ear.Tell(info)
}

// calling sends a participant over SRT.
func (w *wire) calling(ctx context.Context, o *accept.Outcome, length time.Duration) error {
	url := fmt.Sprintf("srt://127.0.0.1:%d?passphrase=%s&streamid=%s&latency=200", w.srt.Port, planted["passphrase"], planted["stream id"])
	rec, err := w.Start(ctx, func() (*livekit.EgressInfo, error) {
		return w.API.StartParticipant(ctx, &livekit.ParticipantEgressRequest{
			RoomName: w.Room, Identity: "p0", StreamOutputs: []*livekit.StreamOutput{{Protocol: livekit.StreamProtocol_SRT, Urls: []string{url}}},
		})
	})
	if err != nil {
		return err
	}
	if err := w.ear.Listen(ctx, length); err != nil {
		return err
	}
	info, _, err := rec.Stop(ctx)
	if err != nil {
		return err
	}
	o.Add(info.StreamResults[0].Url, "%v %s", info.StreamResults[0].Status, info.StreamResults[0].Error)
	o.Want(info.StreamResults[0].Status == livekit.StreamInfo_FINISHED, "SRT: %v", info)
	return w.ear.Tell(info)
}

// listening sends the sound of a participant to WebSockets whose addresses have secrets.
func (w *wire) listening(ctx context.Context, o *accept.Outcome, length time.Duration) error {
	ears := rig.StartSocketServer()
	defer ears.Close()
	url := ears.Address("/in?token=" + planted["socket token"])
	req := &livekit.StartEgressRequest{
		RoomName: w.Room,
		Source: &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{
			Audio: &livekit.AudioConfig{CaptureAll: true},
		}},
		Outputs: []*livekit.Output{{Config: &livekit.Output_Stream{Stream: &livekit.StreamOutput{Urls: []string{
			url,
		}}}}},
	}
	rec, err := w.Start(ctx, func() (*livekit.EgressInfo, error) { return w.API.StartEgress(ctx, req) })
	if err != nil {
		return err
	}
	for what, bad := range map[string]string{
		"with a password": strings.Replace(url, "://", "://user:"+planted["socket password"]+"@", 1), // which is not possible
		"unreachable":     "ws://127.0.0.1:1/?token=" + planted["socket token"],
	} {
		req.Outputs[0].GetStream().Urls[0] = bad
		refused, err := w.API.StartEgress(ctx, req)
		if err != nil {
			return err
		}
		if refused, err = (&lab.Recording{Lab: w.Lab, Info: refused}).End(ctx); err != nil {
			return err
		}
		o.Add("a WebSocket "+what, "%v: %s", refused.Status, refused.Error)
		o.Want(refused.Error != "", "a WebSocket %s: %v", what, refused)
		if err := w.ear.Tell(refused); err != nil {
			return err
		}
	}
	if err := w.ear.Listen(ctx, length); err != nil {
		return err
	}
	info, _, err := rec.Stop(ctx)
	if err != nil {
		return err
	}
	for _, s := range info.StreamResults {
		o.Add(s.Url, "%v %s", s.Status, s.Error)
	}
	o.Want(ears.Heard().Length > 0, "the WebSockets heard nothing: %v", info)
	return w.ear.Tell(info)
}
