package spine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// refusal is a request that must fail, and what must be said of it.
type refusal struct {
	name   string
	method string
	body   string // JSON as livekit-cli sends it; MEDIA, PAGE, PAGETLS and CLOSED stand for the lab's
	text   string // in the answer, or in the egress' error
	later  bool   // the answer is given by the egress: the page has to be tried first
	within time.Duration
}

// soon is what an answer may take for which nothing must be waited for.
const soon = time.Second

func refusals() []refusal {
	room := func(rest string) string { return `{"room_name":"spine",` + rest + `}` }
	web := func(url string) string {
		return fmt.Sprintf(`{"url":%q,"file_outputs":[{"filepath":"MEDIA/bad.mp4"}]}`, url)
	}
	const file = `"file_outputs":[{"filepath":"MEDIA/bad.mp4"}]`
	start, startWeb := "StartRoomCompositeEgress", "StartWebEgress"
	return []refusal{
		{"missing room", start, `{"room_name":"nowhere",` + file + `}`, "room does not exist", false, soon},
		{"no output", start, room(`"layout":"grid"`), "output", false, soon},
		{"both flags", start, room(`"audio_only":true,"video_only":true,` + file), "audio_only and video_only", false, soon},
		{"template url", start, room(`"custom_base_url":"ftp://x/",` + file), "template base url", false, soon},
		{"odd width", start, room(`"advanced":{"width":641,"height":360},` + file), "width", false, soon},
		{"depth", start, room(`"advanced":{"depth":15},` + file), "depth", false, soon},
		{"unwritable", start, room(`"file_outputs":[{"filepath":"/proc/nowhere/bad.mp4"}]`), "/proc/nowhere", false, soon},
		{"segments", start, room(`"segment_outputs":[{"filename_prefix":"MEDIA/x","protocol":7}]`), "output type", false, soon},
		{"stream", start, room(`"stream_outputs":[{"protocol":"RTMP","urls":["rtmp://localhost/live"]}]`), "rtmp urls must be of format", false, soon},
		{"mp3 in mp4", start, room(`"advanced":{"audio_codec":"AC_MP3"},"file_outputs":[{"file_type":"MP4","filepath":"MEDIA/bad.mp4"}]`), "incompatible", false, soon},
		{"mp3 beside video", start, room(`"advanced":{"audio_codec":"AC_MP3"},"file_outputs":[{"filepath":"MEDIA/bad.mp4"}]`), "no supported file output type is compatible with the selected codecs", false, soon},
		{"video in ogg", start, room(`"file_outputs":[{"file_type":"OGG","filepath":"MEDIA/bad.mp4"}]`), "no supported codec is compatible with all outputs", false, soon},
		{"aac in ogg", start, room(`"audio_only":true,"advanced":{"audio_codec":"AAC"},"file_outputs":[{"file_type":"OGG","filepath":"MEDIA/bad.mp4"}]`), "format audio/ogg incompatible with codec audio/aac", false, soon},
		{"opus in mp3", start, room(`"audio_only":true,"advanced":{"audio_codec":"OPUS"},"file_outputs":[{"file_type":"MP3","filepath":"MEDIA/bad.mp4"}]`), "format audio/mpeg incompatible with codec audio/opus", false, soon},
		{"mp3 in ogg", start, room(`"audio_only":true,"advanced":{"audio_codec":"AC_MP3"},"file_outputs":[{"file_type":"OGG","filepath":"MEDIA/bad.mp4"}]`), "format audio/ogg incompatible with codec audio/mpeg", false, soon},
		{"mp3 frequency", start, room(`"audio_only":true,"advanced":{"audio_frequency":96000},"file_outputs":[{"file_type":"MP3","filepath":"MEDIA/bad.mp4"}]`), "audio_frequency", false, soon},
		{"images of sound", start, room(`"audio_only":true,"image_outputs":[{"filename_prefix":"MEDIA/bad"}]`), "audio_only images", false, soon},
		{"web url", startWeb, web("file:///etc/passwd"), "web url", false, soon},
		{"web without url", startWeb, `{` + file + `}`, "url", false, soon},
		{"dns", startWeb, web("http://does-not-exist.invalid/"), "page load error: net::ERR_NAME_NOT_RESOLVED", true, 15 * time.Second},
		{"refused", startWeb, web("CLOSED/"), "page load error: net::ERR_CONNECTION_REFUSED", true, 5 * time.Second},
		{"404", startWeb, web("PAGE/status/404"), "page load error: ", true, 5 * time.Second},
		{"500", startWeb, web("PAGE/status/500"), "page load error: ", true, 5 * time.Second},
		{"redirects", startWeb, web("PAGE/loop"), "page load error: net::ERR_TOO_MANY_REDIRECTS", true, 5 * time.Second},
		{"tls", startWeb, web("PAGETLS/"), "page load error: net::ERR_", true, 5 * time.Second},
		{"never loads", startWeb, web("PAGE/hang"), "page load error: ", true, 100 * time.Second},
		{"template page missing", start, room(`"custom_base_url":"PAGE/status/404",` + file), "page load error: ", true, 5 * time.Second},
	}
}

// badInput sends what must be refused.
func badInput(all bool) accept.Case {
	return refuseAll("bad-input", 2, "bad input: a clear error, soon, and nothing left", refusals(), all)
}

func refuseAll(id string, line int, title string, refusals []refusal, all bool) accept.Case {
	return accept.Case{
		ID: id, Line: line, Title: title,
		Run: func(ctx context.Context, o *accept.Outcome) error {
			l, err := newLab(ctx, 0)
			if err != nil {
				return err
			}
			defer func() { _ = l.close() }()
			pages, err := servePages(ctx, publish.Size{Width: 640, Height: 360})
			if err != nil {
				return err
			}
			defer pages.Close()
			closed, err := rig.FreePorts(1)
			if err != nil {
				return err
			}
			r := strings.NewReplacer("CLOSED", fmt.Sprintf("http://127.0.0.1:%d", closed[0]), "MEDIA", l.media, "PAGETLS", pages.TLSURL, "PAGE", pages.URL)
			for _, c := range refusals {
				if !all && c.within > 30*time.Second {
					continue
				}
				c.body = r.Replace(c.body)
				took, said, err := l.refuse(ctx, c)
				if err != nil {
					o.Want(false, "%s: %v", c.name, err)
					continue
				}
				o.Add(c.name, "%d ms: %s", took.Milliseconds(), said)
				o.Want(took <= c.within, "%s took %v, %v at most", c.name, took, c.within)
			}
			return nil
		},
	}
}

// refuse sends one request and checks what comes of it.
func (l *lab) refuse(ctx context.Context, c refusal) (time.Duration, string, error) {
	before := rig.LookBefore(l.Egress.WorkDir)
	asked := time.Now()
	said := ""
	answer, err := l.API.CallRaw(ctx, "Egress", c.method, []byte(c.body))
	switch {
	case err != nil && c.later:
		return 0, "", err
	case err != nil:
		said = err.Error()
	case !c.later:
		return 0, "", fmt.Errorf("accepted: %s", answer)
	default:
		info, err := decodeInfo(answer)
		if err != nil {
			return 0, "", err
		}
		r := &recording{lab: l, info: info}
		long, cancel := context.WithTimeout(ctx, c.within+endWait)
		defer cancel()
		if info, err = r.lab.API.WaitEgress(long, info.EgressId, rig.Terminal); err != nil {
			return 0, "", err
		}
		if info.Status != livekit.EgressStatus_EGRESS_FAILED {
			return 0, "", fmt.Errorf("ended %v, not FAILED", info.Status)
		}
		said = fmt.Sprintf("%s (%d)", info.Error, info.ErrorCode)
	}
	took := time.Since(asked)
	if !strings.Contains(said, c.text) {
		return took, said, fmt.Errorf("said %q, want %q in it", said, c.text)
	}
	return took, said, l.nothingLeft(ctx, before)
}

// nothingLeft checks that the refused request left no child, display, work file or half-made file.
func (l *lab) nothingLeft(ctx context.Context, before rig.Before) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	all, err := rig.Descendants(l.Egress.PID)
	if err != nil {
		return err
	}
	var children []rig.Process
	for _, p := range all {
		if p.PID != l.Egress.PID {
			children = append(children, p)
		}
	}
	if err := before.Leaks(ctx, children); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(l.media, "bad.mp4")); err == nil {
		return fmt.Errorf("a file stands at the final name")
	}
	return nil
}
