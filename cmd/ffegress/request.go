package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/livekit/protocol/rpc"
	"github.com/urfave/cli/v3"

	"github.com/ffegress/ffegress/service/plan"
)

// requestFunc makes the request of one kind from the command line.
type requestFunc func(*cli.Command) (*rpc.StartEgressRequest, error)

func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "config", Usage: "YAML configuration `FILE`", Sources: cli.EnvVars("EGRESS_CONFIG_FILE")},
		&cli.StringFlag{Name: "config-body", Usage: "the configuration itself, as `YAML`", Sources: cli.EnvVars("EGRESS_CONFIG_BODY")},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "the `FILE` to record into; the templates of the API work here too"},
		&cli.StringFlag{Name: "preset", Usage: "encoding `PRESET` of the API, such as H264_1080P_30"},
		&cli.BoolFlag{Name: "video-only", Usage: "record no sound"},
		&cli.BoolFlag{Name: "json", Usage: "print the final EgressInfo as JSON"},
	}
}

func roomFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "room", Usage: "`NAME` of the room"},
		&cli.StringFlag{Name: "layout", Usage: "`LAYOUT` of the template: grid, speaker or single-speaker"},
		&cli.StringFlag{Name: "custom-base-url", Usage: "`URL` of a template of your own"},
		&cli.StringFlag{Name: "ws-url", Usage: "`URL` of the LiveKit server (or LIVEKIT_WS_URL, or the configuration)"},
		&cli.StringFlag{Name: "api-key", Usage: "API `KEY` (or LIVEKIT_API_KEY); the secret comes from LIVEKIT_API_SECRET or the configuration"},
	}
}

func webFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "url", Usage: "`URL` of the page"},
		&cli.BoolFlag{Name: "await-start-signal", Usage: "begin when the page logs START_RECORDING"},
	}
}

func roomRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "room-composite", map[string]string{
		"room": "room_name", "layout": "layout", "custom-base-url": "custom_base_url",
	})
}

func webRequest(cmd *cli.Command) (*rpc.StartEgressRequest, error) {
	return request(cmd, "web", map[string]string{
		"url": "url", "await-start-signal": "await_start_signal",
	})
}

// request lays the flags over the JSON of the request file, by the API's own field names, so that
// one parser sees both.
func request(cmd *cli.Command, kind string, fields map[string]string) (*rpc.StartEgressRequest, error) {
	body := map[string]any{}
	if cmd.Args().Len() > 1 {
		return nil, fmt.Errorf("one request file at most, got %d", cmd.Args().Len())
	}
	if name := cmd.Args().First(); name != "" {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			return nil, fmt.Errorf("request %s: %w", name, err)
		}
	}
	for flag, field := range fields {
		if cmd.IsSet(flag) {
			body[field] = cmd.Value(flag)
		}
	}
	if cmd.IsSet("preset") {
		body["preset"] = cmd.String("preset")
	}
	if cmd.IsSet("video-only") {
		body["video_only"] = cmd.Bool("video-only")
	}
	if cmd.IsSet("output") {
		body["file_outputs"] = []any{map[string]any{"filepath": cmd.String("output")}}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return plan.FromJSON(kind, raw)
}
