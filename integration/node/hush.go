package node

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// Secrets of this case; nothing that anybody sees may have one in it.
const (
	hushBucket = "hush"
	hushKey    = "AKIDSESAMEKEY"
	hushSecret = "sesame-of-the-request"
	hushConfig = "sesame-of-the-file"
	hushStream = "sesame-of-the-stream"
)

// hush uses secrets of every kind, and looks for them in all that the node tells and leaves.
func hush() accept.Case {
	return accept.Case{
		ID: "secrets", Title: "secrets of configuration files, requests and stream addresses, looked for in all that is told",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "hush-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			store, err := objects.Start(dir, hushBucket)
			if err != nil {
				return err
			}
			defer store.Close()
			keyFile, secretFile := filepath.Join(dir, "api-secret"), filepath.Join(dir, "s3-secret")
			for file, text := range map[string]string{keyFile: rig.APISecret + "\n", secretFile: hushConfig + "\n"} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					return err
				}
			}
			p, err := newPost(ctx, map[string]any{
				"api_secret": nil, "api_secret_file": keyFile, "logging": map[string]any{"level": "debug", "json": true},
				"storage": map[string]any{"s3": map[string]any{
					"access_key": hushKey, "secret_file": secretFile, "bucket": hushBucket, "endpoint": store.URL(), "region": "us-east-1",
				}},
			})
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			return p.listen(ctx, o, store)
		},
	}
}

func (p *post) listen(ctx context.Context, o *accept.Outcome, store *objects.Server) error {
	pages, err := lab.ServePages(ctx, publish.Size{Width: 320, Height: 180})
	if err != nil {
		return err
	}
	defer pages.Close()
	web, err := p.Start(ctx, func() (*livekit.EgressInfo, error) {
		return p.API.StartWeb(ctx, &livekit.WebEgressRequest{
			Url: pages.URL,
			FileOutputs: []*livekit.EncodedFileOutput{{Filepath: "hush.mp4", Output: &livekit.EncodedFileOutput_S3{S3: &livekit.S3Upload{
				AccessKey: hushKey, Secret: hushSecret, Bucket: hushBucket, Endpoint: store.URL(), Region: "us-east-1",
			}}}},
			StreamOutputs: []*livekit.StreamOutput{{Protocol: livekit.StreamProtocol_RTMP, Urls: []string{"rtmp://127.0.0.1:1/live/" + hushStream}}},
		})
	})
	if err != nil {
		return err
	}
	track, err := p.Start(ctx, func() (*livekit.EgressInfo, error) {
		return p.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: p.Room, TrackId: p.speaker.Tracks(0)[0],
			Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: "hush"}}})
	})
	if err != nil {
		return err
	}
	ear := p.Ear(p.metrics, p.debug)
	if err := ear.Listen(ctx, 6*time.Second); err != nil {
		return err
	}
	for _, r := range []*lab.Recording{web, track} {
		info, _, err := r.Stop(ctx)
		if err != nil {
			return err
		}
		o.Want(info.FileResults[0].Location != "", "%v: nothing was uploaded: %s", info.Status, info.Error)
		if err := ear.Tell(info); err != nil {
			return err
		}
	}
	_, told, err := get(ctx, p.metrics, "/")
	if err != nil {
		return err
	}
	m := parseMetrics(told)
	o.Want(m.value("livekit_egress_pipeline_uploads", `type="video/mp4"`, `status="success"`, `custom_endpoint="true"`) == 1 &&
		m.value("livekit_egress_pipline_upload_response_time_ms_count", `type="video/mp4"`, `status="success"`, `custom_endpoint="true"`) == 1,
		"the metrics do not tell of one upload of an MP4")
	// What it has there meanwhile, if anything.
	work, err := filesBelow(p.Egress.WorkDir)
	if err != nil {
		return err
	}
	if work != "" {
		ear.Heard["work_dir"] = work
	}
	manifests := 0
	keys, err := store.Keys(hushBucket)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if strings.HasSuffix(key, ".json") {
			body, err := store.Read(hushBucket, key)
			if err != nil {
				return err
			}
			ear.Heard["manifest"] += string(body)
			manifests++
		}
	}
	o.Want(manifests > 0, "there are no manifests")
	if err := ear.Judge(o, map[string]string{
		"API secret": rig.APISecret, "storage secret of the request": hushSecret, "storage secret of the file": hushConfig, "stream key": hushStream,
	}); err != nil {
		return err
	}
	return p.judgeLines(o, ear.Heard["log"], web.Info.EgressId, track.Info.EgressId)
}

// filesBelow is what all files below a folder have in them.
func filesBelow(dir string) (text string, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		text += string(body)
		return err
	})
	return text, err
}
