package spine

import (
	"fmt"
	"time"

	"github.com/ffegress/ffegress/integration/accept"
)

// badUnified sends StartEgress (v2) requests that must be refused. livekit-server waits half a second for a better
// node each time, so that only one in five is sent if not all.
func badUnified(all bool) accept.Case {
	list := append(unifiedRefusals(), unifiedPages()...)
	if !all {
		var some []refusal
		for i := 0; i < len(list); i += 5 {
			some = append(some, list[i])
		}
		list = some
	}
	return refuseAll("bad-input-v2", 4, "bad input by StartEgress: a clear error, soon, and nothing left", list, all)
}

const unifiedFile = `"outputs":[{"file":{"filepath":"MEDIA/bad.mp4"}}]`

func unifiedRefusals() []refusal {
	const file = unifiedFile
	bad := func(name, body, text string) refusal {
		return refusal{name, "StartEgress", `{` + body + `}`, text, false, soon}
	}
	room := func(name, rest, text string) refusal {
		return bad(name, `"room_name":"spine","template":{"layout":"grid"},`+rest, text)
	}
	web := func(name, url, text string) refusal {
		return bad(name, fmt.Sprintf(`"web":{"url":%q},`, url)+file, text)
	}
	field := func(name string) string { return "request has missing or invalid field: " + name }
	return []refusal{
		bad("missing room", `"room_name":"nowhere","template":{},`+file, "room does not exist"),
		bad("no room", `"template":{},`+file, field("token or api key/secret")),
		bad("no source", `"room_name":"spine",`+file, field("source")),
		bad("no output", `"room_name":"spine","template":{}`, field("output")),
		room("empty output", `"outputs":[{}]`, field("output config")),
		room("two files", `"outputs":[{"file":{}},{"file":{}}]`, field("multiple file outputs")),
		bad("both flags", `"room_name":"spine","template":{"audio_only":true,"video_only":true},`+file, field("audio_only and video_only")),
		bad("template url", `"room_name":"spine","template":{"custom_base_url":"ftp://x/"},`+file, field("template base url")),
		room("odd width", `"advanced":{"width":641,"height":360},`+file, field("width")),
		room("depth", `"advanced":{"depth":15},`+file, field("depth")),
		room("preset", `"preset":9,`+file, field("preset")),
		room("file type", `"outputs":[{"file":{"file_type":9,"filepath":"MEDIA/bad.mp4"}}]`, field("file_type")),
		room("unwritable", `"outputs":[{"file":{"filepath":"/proc/nowhere/bad.mp4"}}]`, "Local upload failed: mkdir /proc/nowhere"),
		room("segments", `"outputs":[{"segments":{"filename_prefix":"MEDIA/x","protocol":7}}]`, field("output type")),
		room("stream", `"outputs":[{"stream":{"protocol":"RTMP","urls":["rtmp://localhost/live"]}}]`, "rtmp urls must be of format"),
		room("websocket, file", `"outputs":[{"file":{"file_type":"MP4","filepath":"MEDIA/bad.mp4"}},{"stream":{"urls":["ws://localhost/"]}}]`, "format video/mp4 incompatible with codec audio/x-raw"),
		room("websocket, images", `"outputs":[{"images":{}},{"stream":{"urls":["ws://localhost/"]}}]`, field("audio_only images")),
		room("images", `"outputs":[{"images":{"filename_suffix":7}}]`, field("filename_suffix")),
		room("mp3 in mp4", `"advanced":{"audio_codec":"AC_MP3"},"outputs":[{"file":{"file_type":"MP4","filepath":"MEDIA/bad.mp4"}}]`, "format video/mp4 incompatible with codec audio/mpeg"),
		room("video in ogg", `"outputs":[{"file":{"file_type":"OGG","filepath":"MEDIA/bad.ogg"}}]`, "no supported codec is compatible with all outputs"),
		bad("media", `"room_name":"spine","media":{"video_track_id":"TR_x"},"outputs":[{"file":{"file_type":"OGG","filepath":"MEDIA/bad.ogg"}}]`, "no supported codec is compatible with all outputs"),
		bad("empty media", `"room_name":"spine","media":{},`+file, field("audio or video")),
		web("web url", "file:///etc/passwd", field("web url")),
		web("web without url", "", field("web url")),
	}
}

// unifiedPages are answered by the egress, once it has tried the page.
func unifiedPages() []refusal {
	page := func(name, url, text string, within time.Duration) refusal {
		return refusal{name, "StartEgress", fmt.Sprintf(`{"web":{"url":%q},%s}`, url, unifiedFile), "page load error: " + text, true, within}
	}
	return []refusal{
		page("dns", "http://does-not-exist.invalid/", "net::ERR_NAME_NOT_RESOLVED", 15*time.Second),
		page("refused", "CLOSED/", "net::ERR_CONNECTION_REFUSED", 5*time.Second),
		page("404", "PAGE/status/404", "", 5*time.Second),
		page("500", "PAGE/status/500", "", 5*time.Second),
		page("redirects", "PAGE/loop", "net::ERR_TOO_MANY_REDIRECTS", 5*time.Second),
		page("tls", "PAGETLS/", "net::ERR_", 5*time.Second),
		page("never loads", "PAGE/hang", "", 100*time.Second),
		{
			"template page missing", "StartEgress", `{"room_name":"spine","template":{"custom_base_url":"PAGE/status/404"},` + unifiedFile + `}`,
			"page load error: ", true, 5 * time.Second,
		},
	}
}
