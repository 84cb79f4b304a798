package plan

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

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
			if !p.Passthrough || p.Source.Kind != Tracks || p.Source.Want.Track != "TR_cam" || p.Source.Grace == 0 || p.Source.Wait == 0 {
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
