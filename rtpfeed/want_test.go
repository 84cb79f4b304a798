package rtpfeed

import (
	"errors"
	"slices"
	"testing"

	"github.com/livekit/protocol/livekit"
)

var (
	mic    = Publication{SID: "TR_mic", Identity: "ann", ParticipantSID: "PA_ann", Source: livekit.TrackSource_MICROPHONE}
	cam    = Publication{SID: "TR_cam", Identity: "ann", ParticipantSID: "PA_ann", Source: livekit.TrackSource_CAMERA, Video: true}
	screen = Publication{SID: "TR_scr", Identity: "ann", ParticipantSID: "PA_ann", Source: livekit.TrackSource_SCREEN_SHARE, Video: true}
	tab    = Publication{SID: "TR_tab", Identity: "ann", ParticipantSID: "PA_ann", Source: livekit.TrackSource_SCREEN_SHARE_AUDIO}
	bot    = Publication{SID: "TR_bot", Identity: "bot", ParticipantSID: "PA_bot", Source: livekit.TrackSource_MICROPHONE, Kind: livekit.ParticipantInfo_AGENT}
	file   = Publication{SID: "TR_any", Identity: "bob", ParticipantSID: "PA_bob", Video: true}
	room   = []Publication{mic, cam, screen, tab, bot, file}
)

func TestMatch(t *testing.T) {
	agent, standard := livekit.ParticipantInfo_AGENT, livekit.ParticipantInfo_STANDARD
	for name, c := range map[string]struct {
		want     Want
		matched  []string
		channels []Channel // Both where not said
	}{
		"track":                {Want{Track: "TR_any"}, []string{"TR_any"}, nil},
		"track composite":      {Want{AudioTrack: "TR_mic", VideoTrack: "TR_scr"}, []string{"TR_mic", "TR_scr"}, nil},
		"participant":          {Want{Participant: "ann"}, []string{"TR_mic", "TR_cam"}, nil},
		"participant's screen": {Want{Participant: "ann", ScreenShare: true}, []string{"TR_scr", "TR_tab"}, nil},
		"somebody's neither":   {Want{Participant: "bob", ScreenShare: true}, []string{"TR_any"}, nil},
		"all sound":            {Want{AllAudio: true}, []string{"TR_mic", "TR_tab", "TR_bot"}, nil},
		"camera":               {Want{VideoOf: "ann"}, []string{"TR_cam"}, nil},
		"screen before camera": {Want{VideoOf: "ann", PreferScreenShare: true}, []string{"TR_scr"}, nil},
		"camera of nobody":     {Want{VideoOf: "bob"}, nil, nil},
		"capture_all wins":     {Want{AllAudio: true, Routes: []Route{{Track: "TR_mic", Channel: Left}}}, []string{"TR_mic", "TR_tab", "TR_bot"}, nil},
		"by kind":              {Want{Routes: []Route{{Kind: &agent, Channel: Left}, {Kind: &standard, Channel: Right}}}, []string{"TR_mic", "TR_tab", "TR_bot"}, []Channel{Right, Right, Left}},
		"first route decides":  {Want{Routes: []Route{{Track: "TR_tab", Channel: Left}, {Identity: "ann", Channel: Right}}}, []string{"TR_mic", "TR_tab"}, []Channel{Right, Left}},
		"routes and a camera":  {Want{VideoOf: "ann", Routes: []Route{{Identity: "bot"}}}, []string{"TR_cam", "TR_bot"}, nil},
		"a route for no sound": {Want{Routes: []Route{{Track: "TR_gone"}}}, nil, nil},
		"an empty route":       {Want{Routes: []Route{{}}}, nil, nil},
		"video id and a sound": {Want{VideoTrack: "TR_any", Routes: []Route{{Track: "TR_bot", Channel: Right}}}, []string{"TR_bot", "TR_any"}, []Channel{Right, Both}},
		"nothing":              {Want{}, nil, nil},
	} {
		var got []string
		var channels []Channel
		for _, p := range room {
			if ch, ok := c.want.Match(p); ok {
				got, channels = append(got, p.SID), append(channels, ch)
			}
		}
		if !slices.Equal(got, c.matched) {
			t.Errorf("%s: %v, want %v", name, got, c.matched)
		}
		if c.channels != nil && !slices.Equal(channels, c.channels) {
			t.Errorf("%s: channels %v, want %v", name, channels, c.channels)
		}
	}
}

func TestWrongKinds(t *testing.T) {
	var field *FieldError
	if err := (Want{AudioTrack: "TR_cam"}).check(cam); !errors.As(err, &field) || field.Field != "audio_track_id" {
		t.Errorf("%v", err)
	}
	if err := (Want{VideoTrack: "TR_mic"}).check(mic); !errors.As(err, &field) || field.Field != "video_track_id" {
		t.Errorf("%v", err)
	}
	if err := (Want{AudioTrack: "TR_mic", VideoTrack: "TR_cam"}).check(cam); err != nil {
		t.Error(err)
	}
}
