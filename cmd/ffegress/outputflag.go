package main

import (
	"path/filepath"

	"github.com/urfave/cli/v3"
)

// namedOutput is an output that the command line asks for, as the API's JSON has it. Its kind is "file", "segment",
// "image" or "stream".
type namedOutput struct {
	kind string
	body map[string]any
}

// protocolFMP4 is the API's number for HLS with fMP4 segments.
const protocolFMP4 = 2

// outputFlags are the outputs for which there are flags.
func outputFlags(cmd *cli.Command) []namedOutput {
	var all []namedOutput
	if cmd.IsSet("output") || cmd.IsSet("file-type") {
		file := map[string]any{"filepath": cmd.String("output")}
		if kind := cmd.String("file-type"); kind != "" {
			file["file_type"] = kind
		}
		all = append(all, namedOutput{"file", file})
	}
	if dir := cmd.String("segments"); dir != "" {
		segments := map[string]any{
			"filename_prefix":    filepath.Join(dir, "segment"),
			"playlist_name":      filepath.Join(dir, "playlist.m3u8"),
			"live_playlist_name": filepath.Join(dir, "live.m3u8"),
			"segment_duration":   cmd.Int("segment-duration"),
		}
		if cmd.Bool("fmp4") {
			segments["protocol"] = protocolFMP4
		}
		all = append(all, namedOutput{"segment", segments})
	}
	if dir := cmd.String("images"); dir != "" {
		all = append(all, namedOutput{"image", map[string]any{
			"filename_prefix":  filepath.Join(dir, "image"),
			"capture_interval": cmd.Int("image-interval"),
		}})
	}
	if urls := cmd.StringSlice("stream"); len(urls) > 0 {
		all = append(all, namedOutput{"stream", map[string]any{"urls": urls}})
	}
	return all
}

// listedOutputs are the outputs in a list of their own for each kind, as requests of the first API have them.
func listedOutputs(all []namedOutput) map[string]any {
	fields := map[string]any{}
	for _, out := range all {
		fields[out.kind+"_outputs"] = []any{out.body}
	}
	return fields
}

// directOutput is a Track request's one file. Whatever else was asked for is told by the parser.
func directOutput(all []namedOutput) map[string]any {
	fields := listedOutputs(all)
	if list, ok := fields["file_outputs"].([]any); ok {
		fields["file"] = list[0]
		delete(fields, "file_outputs")
	}
	return fields
}

// unifiedOutputs are all outputs in one list, as StartEgress (v2) has them.
func unifiedOutputs(all []namedOutput) map[string]any {
	if len(all) == 0 {
		return nil
	}
	names := map[string]string{"file": "file", "segment": "segments", "image": "images", "stream": "stream"}
	var list []any
	for _, out := range all {
		list = append(list, map[string]any{names[out.kind]: out.body})
	}
	return map[string]any{"outputs": list}
}
