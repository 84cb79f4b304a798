package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/livekit/protocol/rpc"
	"github.com/urfave/cli/v3"

	"github.com/ffegress/ffegress/ffpipe/programme"
	"github.com/ffegress/ffegress/service/plan"
)

// requestFunc makes the request of one kind from the command line.
type requestFunc func(*cli.Command) (*rpc.StartEgressRequest, error)

func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "YAML configuration `FILE`", Sources: cli.EnvVars("EGRESS_CONFIG_FILE")},
		&cli.StringFlag{Name: "config-body", Usage: "the configuration itself, as `YAML`", Sources: cli.EnvVars("EGRESS_CONFIG_BODY")},
		&cli.StringFlag{Name: "output", Aliases: []string{"o", "file"}, Usage: "the `FILE` to record into; the templates of the API work here too"},
		&cli.StringFlag{Name: "segments", Usage: "make HLS in `DIR`: playlist.m3u8, live.m3u8 and the segments; with or without a file"},
		&cli.IntFlag{Name: "segment-duration", Usage: "length of a segment in `SECONDS`", Value: 4},
		&cli.BoolFlag{Name: "fmp4", Usage: "make fMP4 segments, not MPEG-TS"},
		&cli.StringFlag{Name: "images", Usage: "put a JPEG into `DIR` every now and then; with or without a file"},
		&cli.IntFlag{Name: "image-interval", Usage: "time between two images in `SECONDS`", Value: 10},
		&cli.StringSliceFlag{Name: "stream", Usage: "send to an RTMP(S) or SRT server's `URL` while recording; may be given again; with or without a file; whoever lists processes sees it, but not that of the environment", Sources: cli.EnvVars("FFEGRESS_STREAM")},
		&cli.StringFlag{Name: "file-type", Usage: "`TYPE` of the file: MP4, or for --audio-only OGG or MP3 too; the name's extension follows it"},
		&cli.StringFlag{Name: "preset", Usage: "encoding `PRESET` of the API, such as H264_1080P_30"},
		&cli.StringFlag{Name: "pause", Usage: "what the key p makes of a pause: `MODE` slate shows a slate, cut leaves the time out", Value: programme.Slate.String()},
		&cli.BoolFlag{Name: "json", Usage: "print the final EgressInfo as JSON"},
	}
}

func roomFlags() []cli.Flag {
	return append(serverFlags(),
		&cli.StringFlag{Name: "room", Usage: "`NAME` of the room"},
		&cli.StringFlag{Name: "layout", Usage: "`LAYOUT` of the template: grid, speaker or single-speaker"},
		&cli.StringFlag{Name: "custom-base-url", Usage: "`URL` of a template of your own"},
		&cli.BoolFlag{Name: "video-only", Usage: "record no sound"},
		&cli.BoolFlag{Name: "audio-only", Usage: "record no picture; the file is OGG unless --file-type says otherwise"},
	)
}

func webFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "url", Usage: "`URL` of the page"},
		&cli.BoolFlag{Name: "await-start-signal", Usage: "begin when the page logs START_RECORDING"},
		&cli.BoolFlag{Name: "video-only", Usage: "record no sound"},
		&cli.BoolFlag{Name: "audio-only", Usage: "record no picture; the file is OGG unless --file-type says otherwise"},
	}
}

func participantFlags() []cli.Flag {
	return append(serverFlags(),
		&cli.StringFlag{Name: "room", Usage: "`NAME` of the room"},
		&cli.StringFlag{Name: "identity", Usage: "`IDENTITY` of the participant"},
		&cli.BoolFlag{Name: "screen-share", Usage: "record the screen share and its sound instead"},
	)
}

func trackCompositeFlags() []cli.Flag {
	return append(serverFlags(),
		&cli.StringFlag{Name: "room", Usage: "`NAME` of the room"},
		&cli.StringFlag{Name: "audio-track-id", Usage: "`ID` of the track of sound, TR_…; without it there is none"},
		&cli.StringFlag{Name: "video-track-id", Usage: "`ID` of the track of pictures, TR_…; without it there are none"},
	)
}

func trackFlags() []cli.Flag {
	return append(serverFlags(),
		&cli.StringFlag{Name: "room", Usage: "`NAME` of the room"},
		&cli.StringFlag{Name: "track-id", Usage: "`ID` of the track, TR_…"},
		&cli.StringFlag{Name: "websocket", Usage: "send the sound to a WebSocket at `URL`, without a file"},
	)
}

func egressFlags() []cli.Flag {
	return append(serverFlags(), &cli.StringFlag{Name: "room", Usage: "`NAME` of the room"})
}

func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ws-url", Usage: "`URL` of the LiveKit server (or LIVEKIT_WS_URL, or the configuration)"},
		&cli.StringFlag{Name: "api-key", Usage: "API `KEY` (or LIVEKIT_API_KEY); the secret comes from LIVEKIT_API_SECRET or the configuration"},
	}
}

func roomRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "room-composite", listedOutputs, map[string]string{
		"room": "room_name", "layout": "layout", "custom-base-url": "custom_base_url", "video-only": "video_only", "audio-only": "audio_only",
	})
}

func webRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "web", listedOutputs, map[string]string{
		"url": "url", "await-start-signal": "await_start_signal", "video-only": "video_only", "audio-only": "audio_only",
	})
}

func egressRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "egress", unifiedOutputs, map[string]string{"room": "room_name"})
}

func participantRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "participant", listedOutputs, map[string]string{
		"room": "room_name", "identity": "identity", "screen-share": "screen_share",
	})
}

func trackCompositeRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "track-composite", listedOutputs, map[string]string{
		"room": "room_name", "audio-track-id": "audio_track_id", "video-track-id": "video_track_id",
	})
}

func trackRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "track", directOutput, map[string]string{
		"room": "room_name", "track-id": "track_id", "websocket": "websocket_url",
	})
}

// request lays the flags over the JSON of the request file, by the API's own field names, so that
// one parser sees both. outputs makes the fields that the flags of outputs replace.
func request(cmd *cli.Command, kind string, outputs func([]namedOutput) map[string]any, fields map[string]string) (*rpc.StartEgressRequest, error) {
	body, err := requestFile(cmd)
	if err != nil {
		return nil, err
	}
	set := func(field string, value any) {
		delete(body, camel(field)) // the other spelling that JSON may have
		body[field] = value
	}
	for flag, field := range fields {
		if cmd.IsSet(flag) {
			set(field, cmd.Value(flag))
		}
	}
	if cmd.IsSet("preset") {
		delete(body, "advanced") // one of both
		set("preset", cmd.String("preset"))
	}
	for field, value := range outputs(outputFlags(cmd)) {
		set(field, value)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return plan.FromJSON(kind, raw)
}

// requestFile reads the file that the command line names, if it names one.
func requestFile(cmd *cli.Command) (map[string]any, error) {
	body := map[string]any{}
	if cmd.Args().Len() > 1 {
		return nil, fmt.Errorf("one request file at most, got %d", cmd.Args().Len())
	}
	name := cmd.Args().First()
	if name == "" {
		return body, nil
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, fmt.Errorf("request %s: %w", name, err)
	}
	if body == nil { // "null"
		return nil, fmt.Errorf("request %s: not an object", name)
	}
	return body, nil
}

// camel spells a field's name as protobuf's JSON does by default.
func camel(field string) string {
	words := strings.Split(field, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
