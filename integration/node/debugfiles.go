package node

import (
	"context"
	"os"
	"path"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/objects"
	"github.com/ffegress/ffegress/integration/packets"
)

const (
	traceBucket = "traces"
	traceKey    = "sesame-of-the-trace"
)

// traces has all be kept that the debug section knows of, and looks at what lies in its store afterwards.
func traces() accept.Case {
	return accept.Case{
		ID: "debug-files", Line: 3, Title: "debug: a room with a stream to nowhere and a track; what is kept of them in the section's own store",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "traces-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			store, err := objects.Start(dir, traceBucket)
			if err != nil {
				return err
			}
			defer store.Close()
			p, err := newPost(ctx, map[string]any{"debug": map[string]any{
				"enable_chrome_logging": true, "enable_track_logging": true, "enable_stream_logging": true, "enable_profiling": true, "prefix": "found",
				"s3": map[string]any{"access_key": "k", "secret": "s", "bucket": traceBucket, "endpoint": store.URL(), "region": "us-east-1"},
			}})
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			return p.trace(ctx, o, store)
		},
	}
}

func (p *post) trace(ctx context.Context, o *accept.Outcome, store *objects.Server) error {
	room, err := p.Start(ctx, func() (*livekit.EgressInfo, error) {
		return p.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
			RoomName: p.Room, Layout: "grid",
			FileOutputs:   []*livekit.EncodedFileOutput{{Filepath: path.Join(p.Media, "traced.mp4")}},
			StreamOutputs: []*livekit.StreamOutput{{Protocol: livekit.StreamProtocol_RTMP, Urls: []string{"rtmp://127.0.0.1:1/live/" + traceKey}}},
		})
	})
	if err != nil {
		return err
	}
	track, err := p.record(ctx, "traced")
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, 6*time.Second); err != nil {
		return err
	}
	var recorded int
	for _, r := range []*lab.Recording{room, track} {
		info, _, err := r.Stop(ctx)
		if err != nil {
			return err
		}
		o.Want(info.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(info.FileResults) == 1, "%s: %v %s", info.EgressId, info.Status, info.Error)
		if r == track {
			found, err := packets.Of(ctx, info.FileResults[0].Location)
			if err != nil {
				return err
			}
			recorded = len(found)
		}
	}
	want := []string{
		path.Join("found", room.Info.EgressId, "chrome.log"), path.Join("found", room.Info.EgressId, "stream-1.log"),
		path.Join("found", room.Info.EgressId, "heap.prof"), path.Join("found", room.Info.EgressId, "cpu.prof"),
		path.Join("found", track.Info.EgressId, "track-"+p.speaker.Tracks(0)[0]+".csv"), path.Join("found", track.Info.EgressId, "heap.prof"),
	}
	texts := map[string]string{}
	err = until(ctx, "debug files in their store", idleWait, func() bool {
		for _, key := range want {
			body, err := store.Read(traceBucket, key)
			if err != nil {
				return false
			}
			texts[key] = string(body)
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, key := range want {
		o.Add(path.Base(key), "%d bytes", len(texts[key]))
		o.Want(len(texts[key]) > 0 && !strings.Contains(texts[key], traceKey), "%s is empty, or has the stream's key in it", key)
	}
	o.Want(strings.Contains(texts[want[0]], "START_RECORDING"), "chrome.log does not have what the template writes: %.200s", texts[want[0]])
	o.Want(strings.Contains(texts[want[1]], "refused"), "stream-1.log does not tell why: %.500s", texts[want[1]])
	units, reports := strings.Count(texts[want[4]], ",unit,"), strings.Count(texts[want[4]], ",report,")
	o.Add("packets of the track: in its file, in its trace; sender's reports", "%d, %d, %d", recorded, units, reports)
	o.Want(units >= recorded && units <= recorded+unrecorded && reports > 0, "%d packets in the file, %d and %d reports in the trace", recorded, units, reports)
	keys, err := store.Keys(traceBucket)
	if err != nil {
		return err
	}
	o.Want(len(keys) == len(want), "in the store are %q", keys)
	return nil
}

// unrecorded is how many packets may come that are not in the file: those after Stop.
const unrecorded = 50
