package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/service/config"
)

var update = flag.Bool("update", false, "write testdata/*.txt anew")

// separator stands between the request and the plan in testdata/<kind>.<name>.txt.
const separator = "----\n"

// TestPlans reads pairs of request JSON and expected plan.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 12 {
		t.Fatalf("found %d pairs (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			request, want, _ := bytes.Cut(body, []byte(separator))
			kind, _, _ := strings.Cut(filepath.Base(file), ".")
			req := parse(t, kind, string(request))
			if req.RoomId = ""; kind == "room" || req.GetEgress().GetRoomName() != "" {
				req.RoomId = "RM_test"
			}
			conf := testConfig()
			conf.MaxUploadQueue = 60
			conf.SessionLimits.FileOutputMaxDuration = time.Hour
			conf.SessionLimits.SegmentOutputMaxDuration = 2 * time.Hour
			conf.SessionLimits.ImageOutputMaxDuration = 30 * time.Minute
			p, err := decide(conf, req, testTime.UTC())
			if err != nil {
				t.Fatal(err)
			}
			got := summary(t, p)
			if *update {
				if err := os.WriteFile(file, bytes.Join([][]byte{request, got}, []byte(separator)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// summary is a plan as JSON. What depends on time or place is in fixed form: the token only says that it is there.
func summary(t *testing.T, p *Plan) []byte {
	t.Helper()
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(p.Info)
	if err != nil {
		t.Fatal(err)
	}
	var info map[string]any
	if err := json.Unmarshal(raw, &info); err != nil {
		t.Fatal(err)
	}
	if info["started_at"] != fmt.Sprint(p.AcceptedAt.UnixNano()) || info["updated_at"] != info["started_at"] {
		t.Errorf("started_at %v, updated_at %v", info["started_at"], info["updated_at"])
	}
	delete(info, "started_at")
	delete(info, "updated_at")
	b, e := p.Browser, p.Encoder
	if b.Audio != p.Format.Audio || b.Video != p.Format.Video || e.Audio != p.Format.Audio || e.Video != p.Format.Video {
		t.Errorf("browser, encoder and format differ: %+v %+v %+v", b, e, p.Format)
	}
	fields := map[string]any{
		"type":    p.Type,
		"room":    fmt.Sprintf("%q %q", p.RoomID, p.RoomName),
		"source":  p.Source,
		"format":  fmt.Sprintf("%dx%d@%d, video %t, audio %t", p.Format.Width, p.Format.Height, p.Format.FPS, p.Format.Video, p.Format.Audio),
		"browser": fmt.Sprintf("%dx%dx%d@%d in %s", b.Width, b.Height, b.Depth, b.FPS, b.Dir),
		"video":   fmt.Sprintf("%dx%d@%d %s %d kb/s, key frames %g s", e.Width, e.Height, e.FPS, e.Profile, e.VideoBitrate, e.KeyFrameInterval),
		"audio":   fmt.Sprintf("%s %d kb/s %d Hz", e.AudioCodec, e.AudioBitrate, e.AudioFrequency),
		"encoder": string(e.Container),
		"file":    fmt.Sprintf("%q: %s %s", p.File.Requested, p.File.Name, p.File.Type),
		"limit":   fmt.Sprintf("%v", p.MaxDuration),
		"workdir": p.WorkDir,
		"info":    info,
	}
	if s := p.Segments; s != nil {
		fields["segments"] = fmt.Sprintf("%+v, GOP %d, fragments %v", *s, e.GOP(), e.FragmentDuration)
	}
	if len(p.Images) > 0 {
		fields["images"] = fmt.Sprintf("%+v", p.Images)
	}
	if p.Streams.Protocol != "" {
		fields["streams"] = fmt.Sprintf("%s to %v, HRD %t, B-frames %d, fragments %v, %d bytes wait",
			p.Streams.Protocol, p.Streams.URLs, e.HRD, *e.BFrames, e.FragmentDuration, p.Streams.MaxQueue)
	}
	out, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func TestPlanTakesConfig(t *testing.T) {
	conf := testConfig()
	conf.EnableChromeSandbox, conf.Insecure = true, true
	conf.ChromeFlags = config.ChromeFlags{"lang": "de"}
	conf.Binaries = config.Binaries{FFmpeg: "/f", Chromium: "/c", Xvfb: "/x", PulseAudio: "/p"}
	conf.VideoEncoderThreads, conf.VideoEncoderPreset = 3, "fast"
	conf.Video.Device = ffpipe.VideoDevice{Encoder: ffpipe.VAAPI, Node: "/d"}
	conf.Debug.EnableChromeLogging = true
	conf.StartSignal = time.Minute
	p, err := New(conf, parse(t, "room", `{"room_name": "r", "file_outputs": [{}]}`))
	if err != nil {
		t.Fatal(err)
	}
	b := p.Browser
	if !b.Sandbox || !b.Insecure || b.Flags["lang"] != "de" || b.Chromium != "/c" ||
		b.Xvfb != "/x" || b.PulseAudio != "/p" || p.FFmpeg != "/f" || p.Encoder.Threads != 3 ||
		p.Encoder.X264Preset != "fast" || p.Encoder.Device != conf.Video.Device || !p.PageConsole {
		t.Errorf("%+v %+v", b, p.Encoder)
	}
	if p.Source.StartTimeout != time.Minute || p.MaxDuration != 0 {
		t.Errorf("%v %v", p.Source.StartTimeout, p.MaxDuration)
	}
	if err := p.Encoder.Validate(); err != nil {
		t.Error(err)
	}
	if since := time.Since(p.AcceptedAt); since < 0 || since > time.Minute {
		t.Errorf("accepted %v ago", since)
	}
}

func TestPlanShowsNoSecret(t *testing.T) {
	req := parse(t, "room", `{"room_name": "r", "file_outputs": [{"filepath": "a"}]}`)
	req.Token = "sesame-token"
	p, err := New(testConfig(), req)
	if err != nil {
		t.Fatal(err)
	}
	if p.Source.Token.Reveal() != "sesame-token" {
		t.Errorf("the request's token is not used: %q", p.Source.Token.Reveal())
	}
	asJSON, err := json.Marshal(p.Source)
	if err != nil {
		t.Fatal(err)
	}
	for _, dump := range []string{fmt.Sprintf("%v %+v %#v", p, p, p), string(asJSON)} {
		if strings.Contains(dump, "sesame") || strings.Contains(dump, "a-secret-of") {
			t.Errorf("a secret is in the dump: %s", dump)
		}
	}
}
