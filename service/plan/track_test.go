package plan

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/ffpipe"
	"github.com/ffegress/ffegress/rtpfeed"
)

// TestTrackNames has names that are settled when the track is known, for both APIs.
func TestTrackNames(t *testing.T) {
	cam := rtpfeed.Track{SID: "TR_cam", Identity: "ann/..", Source: livekit.TrackSource_CAMERA, Codec: rtpfeed.VP8}
	for _, tt := range []struct {
		requested string
		codec     rtpfeed.Codec
		name      string
		container ffpipe.Container
	}{
		{"", rtpfeed.VP8, "testroom-2022-10-04T011306.webm", ffpipe.WebM},
		{"a/", rtpfeed.VP9, "a/testroom-2022-10-04T011306.webm", ffpipe.WebM},
		{"{room_name}/{track_type}-{track_source}-{track_id}", rtpfeed.H264, "testroom/video-camera-TR_cam.mp4", ffpipe.MP4},
		{"{publisher_identity}.mp4", rtpfeed.AV1, "ann__.mp4", ffpipe.MP4},
		{"x.mp4", rtpfeed.H265, "x.mp4", ffpipe.MP4},
		{"x.mp4", rtpfeed.Opus, "x.ogg", ffpipe.Ogg},
		{"{track_type}", rtpfeed.PCMU, "audio.ogg", ffpipe.Ogg},
		{"{track_type}.mkv", rtpfeed.PCMA, "audio.mkv.ogg", ffpipe.Ogg},
	} {
		path, err := json.Marshal(tt.requested)
		if err != nil {
			t.Fatal(err)
		}
		for kind, body := range map[string]string{
			"track":  `{"room_name": "testroom", "track_id": "TR_cam", "file": {"filepath": ` + string(path) + `}}`,
			"egress": `{"room_name": "testroom", "preset": 8, "media": {"video_track_id": "TR_cam"}, "outputs": [{"file": {"filepath": ` + string(path) + `}}]}`,
		} {
			conf := testConfig()
			conf.RejoinGrace, conf.Latency.JitterBuffer = time.Second, time.Second
			p, err := decide(conf, parse(t, kind, body), testTime)
			if err != nil {
				t.Fatalf("%s %q: %v", kind, tt.requested, err)
			}
			if p.Type != TypeTrack || !p.Passthrough || p.Source.Kind != Tracks || p.Source.Want.Track != "TR_cam" || p.Source.Grace == 0 || p.Source.Wait == 0 {
				t.Errorf("%s: %+v", kind, p.Source)
			}
			if p.Info.SourceType != livekit.EgressSourceType_EGRESS_SOURCE_TYPE_SDK || len(p.Info.FileResults) != 1 || p.Info.Request == nil {
				t.Errorf("%s: %v", kind, p.Info)
			}
			track := cam
			track.Codec = tt.codec
			file, err := p.NameTrack(track)
			if err != nil {
				t.Fatal(err)
			}
			if file.Name != tt.name || file.Container != tt.container || filepath.Base(file.Path) != filepath.Base(tt.name) {
				t.Errorf("%s %q: %+v, want %s", kind, tt.requested, file, tt.name)
			}
		}
	}
}

func TestMediaTracks(t *testing.T) {
	agent := livekit.ParticipantInfo_AGENT
	got := mediaTracks(&livekit.MediaSource{
		Video: &livekit.MediaSource_ParticipantVideo{ParticipantVideo: &livekit.ParticipantVideo{Identity: "ann", PreferScreenShare: true}},
		Audio: &livekit.AudioConfig{Routes: []*livekit.AudioRoute{
			{Match: &livekit.AudioRoute_ParticipantKind{ParticipantKind: agent}, Channel: livekit.AudioChannel_AUDIO_CHANNEL_LEFT},
			{Match: &livekit.AudioRoute_ParticipantIdentity{ParticipantIdentity: "bob"}, Channel: livekit.AudioChannel_AUDIO_CHANNEL_RIGHT},
			{Match: &livekit.AudioRoute_TrackId{TrackId: "TR_x"}},
		}},
	})
	if got.VideoOf != "ann" || !got.PreferScreenShare || got.AllAudio || !got.Stays || len(got.Routes) != 3 {
		t.Errorf("%+v", got)
	}
	if r := got.Routes; *r[0].Kind != agent || r[0].Channel != rtpfeed.Left || r[1].Identity != "bob" || r[1].Kind != nil ||
		r[1].Channel != rtpfeed.Right || r[2].Track != "TR_x" || r[2].Channel != rtpfeed.Both {
		t.Errorf("%+v", r)
	}
}

// TestPublisherNames: names of tracks that are composed, which have their publisher's identity.
func TestPublisherNames(t *testing.T) {
	dir := t.TempDir()
	for kind, of := range map[string]string{
		"participant":     `"identity": "ann"`,
		"track-composite": `"video_track_id": "TR_v", "audio_track_id": "TR_a"`,
	} {
		p, err := decide(testConfig(), parse(t, kind, `{"room_name": "r", `+of+`,
			"file_outputs": [{"filepath": "`+dir+`/{publisher_identity}/{room_name}-{track_id}"}],
			"segment_outputs": [{"filename_prefix": "`+dir+`/{publisher_identity}-{time}"}]}`), testTime)
		if err != nil {
			t.Fatal(err)
		}
		if p.NamedLater() {
			if err := p.NamePublisher("ann"); err != nil {
				t.Fatal(err)
			}
			p.TellNames()
		}
		if p.File.Name != dir+"/ann/r-{track_id}.mp4" || p.Segments.Names.Playlist != dir+"/ann-2022-10-04T011306.m3u8" ||
			p.Info.FileResults[0].Filename != p.File.Name {
			t.Errorf("%s: %+v, %+v, %v", kind, p.File, p.Segments.Names, p.Info.FileResults)
		}
	}
}

// TestTracksEverywhere: what is composed of tracks goes wherever a room does.
func TestTracksEverywhere(t *testing.T) {
	const to = `"file_outputs": [{}], "segment_outputs": [{}], "stream_outputs": [{"urls": ["rtmp://h/a/k"]}], "image_outputs": [{}]`
	for kind, of := range map[string]string{"participant": `"identity": "ann"`, "track-composite": `"video_track_id": "TR_v", "audio_track_id": "TR_a"`} {
		p, err := New(testConfig(), parse(t, kind, `{"room_name": "r", `+of+`, `+to+`}`))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if !p.Format.Audio || !p.Format.Video || p.Segments == nil || len(p.Images) != 1 || len(p.Streams.URLs) != 1 || len(p.Info.FileResults) != 1 {
			t.Errorf("%s: %+v", kind, p)
		}
	}
}

// TestCheckSocket: sound only goes to a WebSocket.
func TestCheckSocket(t *testing.T) {
	if err := CheckSocket(rtpfeed.Track{Codec: rtpfeed.Opus}); err != nil {
		t.Error(err)
	}
	wantError(t, CheckSocket(rtpfeed.Track{Codec: rtpfeed.VP8}), psrpc.InvalidArgument, "format websocket incompatible with codec video/vp8")
}

// TestRetrySafety: each name that was given must differ on another try, those of images excepted.
func TestRetrySafety(t *testing.T) {
	for body, safe := range map[string]bool{
		`"file_outputs": [{}]`:                                                       true,
		`"file_outputs": [{"filepath": "a/"}]`:                                       true,
		`"file_outputs": [{"filepath": "a-{retry}"}]`:                                true,
		`"file_outputs": [{"filepath": "a-{time}"}]`:                                 false,
		`"segment_outputs": [{}]`:                                                    true,
		`"segment_outputs": [{"filename_prefix": "s"}]`:                              false,
		`"segment_outputs": [{"filename_prefix": "s{retry}", "playlist_name": "l"}]`: true,
		`"segment_outputs": [{"playlist_name": "l"}]`:                                false,
		`"segment_outputs": [{"playlist_name": "l{retry}"}]`:                         true,
		`"image_outputs": [{"filename_prefix": "i"}]`:                                true,
	} {
		req := parse(t, "room", `{"room_name": "r", `+body+`}`)
		if _, err := New(testConfig(), req); err != nil {
			t.Errorf("%s: on the first try: %v", body, err)
		}
		req.RetryCount = 1
		_, err := New(testConfig(), req)
		if safe && err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if !safe {
			wantError(t, err, psrpc.FailedPrecondition, "output configuration does not support retry")
		}
	}
}
