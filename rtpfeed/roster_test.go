package rtpfeed

import (
	"errors"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"
)

// act is something that happens to a roster, and how it stands afterwards.
type act struct {
	at    time.Duration
	do    func(*roster, time.Time)
	view  view
	ended int  // slots that ended by it
	done  bool // the recording is over
	err   string
	ready bool
}

func sub(p Publication) func(*roster, time.Time) {
	return func(r *roster, now time.Time) { r.subscribed(p, now) }
}

func vacate(r *roster, now time.Time) { r.vacant(r.slots[0], r.slots[0].attached, now) }

func unpublish(sid string) func(*roster, time.Time) {
	return func(r *roster, now time.Time) { r.unpublished(sid, now) }
}

func depart(reason livekit.DisconnectReason) func(*roster, time.Time) {
	return func(r *roster, now time.Time) { r.departed("ann", "PA_ann", reason, now) }
}

func nothing(*roster, time.Time) {}

var (
	present1 = view{sids: map[string]string{"ann": "PA_ann"}}
	again    = view{sids: map[string]string{"ann": "PA_2"}}
	absent   = view{sids: map[string]string{}}
	waiting  = view{sids: map[string]string{"ann": "PA_ann"}, pending: 1}
	mic2     = Publication{SID: "TR_mic2", Identity: "ann", ParticipantSID: "PA_2", Source: livekit.TrackSource_MICROPHONE}
)

func TestRoster(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	track, person, all := Want{Track: "TR_mic"}, Want{Participant: "ann"}, Want{AllAudio: true, Stays: true}
	start := act{0, sub(mic), present1, 0, false, "", true}
	for name, c := range map[string]struct {
		want Want
		acts []act
	}{
		"a track that never comes": {track, []act{
			{0, nothing, absent, 0, false, "", false},
			{29 * s, nothing, absent, 0, false, "", false},
			{30 * s, nothing, absent, 0, false, "track TR_mic not found", false},
		}},
		"a participant that never comes": {person, []act{{30 * s, nothing, absent, 0, false, "participant ann not found", false}}},
		"a participant without tracks":   {person, []act{{0, nothing, present1, 0, false, "", true}}},
		"tracks that are slow to come": {person, []act{
			{0, nothing, waiting, 0, false, "", false},
			{3*s - ms, nothing, waiting, 0, false, "", false},
			{3 * s, nothing, waiting, 0, false, "", true},
		}},
		"a track is unpublished": {track, []act{
			start,
			{9 * s, unpublish("TR_mic"), present1, 0, false, "", true},
			{9*s + 300*ms, nothing, present1, 1, true, "", true},
		}},
		"its publisher leaves": {track, []act{
			start,
			{9 * s, vacate, present1, 0, false, "", true},
			{9*s + 10*ms, depart(livekit.DisconnectReason_CLIENT_INITIATED), absent, 1, true, "", true},
		}},
		"unpublished, and then it turns out that its publisher is lost": {track, []act{
			start,
			{9 * s, unpublish("TR_mic"), present1, 0, false, "", true},
			{9*s + 200*ms, depart(livekit.DisconnectReason_CONNECTION_TIMEOUT), absent, 0, false, "", true},
			{10 * s, nothing, absent, 0, false, "", true},
			{29 * s, sub(mic2), again, 0, false, "", true},
			{100 * s, nothing, again, 0, false, "", true},
		}},
		"another session of the same publisher takes its place at once": {track, []act{
			start,
			{9 * s, unpublish("TR_mic"), again, 0, false, "", true},
			{9*s + 300*ms, nothing, again, 0, false, "", true},
			{10 * s, sub(mic2), again, 0, false, "", true},
			{60 * s, nothing, again, 0, false, "", true},
			{61 * s, unpublish("TR_mic2"), again, 0, false, "", true},
			{62 * s, nothing, again, 1, true, "", true},
		}},
		"lost for good": {track, []act{
			start,
			{9 * s, depart(livekit.DisconnectReason_UNKNOWN_REASON), absent, 0, false, "", true},
			{39*s - ms, nothing, absent, 0, false, "", true},
			{39 * s, nothing, absent, 1, true, "", true},
		}},
		"we were away for longer than the grace": {track, []act{
			start,
			{9 * s, (*roster).disconnected, absent, 0, false, "", true},
			{60 * s, nothing, absent, 0, false, "", true},
			{61 * s, (*roster).reconnected, absent, 0, false, "", true},
			{90 * s, sub(mic), present1, 0, false, "", true},
			{200 * s, nothing, present1, 0, false, "", true},
		}},
		"a participant unpublishes and stays": {person, []act{
			start,
			{9 * s, unpublish("TR_mic"), present1, 0, false, "", true},
			{10 * s, nothing, present1, 1, false, "", true},
			{20 * s, sub(mic2), present1, 0, false, "", true},
		}},
		"a participant leaves": {person, []act{
			start,
			{9 * s, depart(livekit.DisconnectReason_CLIENT_INITIATED), absent, 1, true, "", true},
		}},
		"a participant is lost and comes back": {person, []act{
			start,
			{9 * s, depart(livekit.DisconnectReason_DUPLICATE_IDENTITY), absent, 0, false, "", true},
			{30 * s, nothing, again, 0, false, "", true},
			{38 * s, sub(mic2), again, 0, false, "", true},
			{80 * s, nothing, again, 0, false, "", true},
		}},
		"a participant is lost": {person, []act{
			start,
			{9 * s, depart(livekit.DisconnectReason_SIGNAL_CLOSE), absent, 0, false, "", true},
			{39 * s, nothing, absent, 1, true, "", true},
		}},
		"an empty room goes on": {all, []act{
			{0, nothing, absent, 0, false, "", true},
			{s, sub(mic), present1, 0, false, "", true},
			{2 * s, depart(livekit.DisconnectReason_CLIENT_INITIATED), absent, 1, false, "", true},
			{1000 * s, nothing, absent, 0, false, "", true},
		}},
	} {
		zero := time.Unix(1000, 0)
		r := &roster{want: c.want, grace: 30 * s, joined: zero}
		for i, a := range c.acts {
			now := zero.Add(a.at)
			a.do(r, now)
			ended, done, err := r.settle(a.view, now)
			text := ""
			if err != nil {
				text = err.Error()
			}
			// Whether the recording is over is known when everything came that was waited for.
			if !done && err == nil && r.ready && a.done {
				_, done, _ = r.settle(a.view, now)
			}
			if len(ended) != a.ended || done != a.done || text != a.err || r.ready != a.ready {
				t.Errorf("%s, act %d: %d ended, done %v, error %q, ready %v; want %+v", name, i, len(ended), done, text, r.ready, a)
			}
			if next := r.next(now); next <= 0 || next > 2*time.Minute {
				t.Errorf("%s, act %d: looks again after %v", name, i, next)
			}
		}
		for _, s := range r.slots[min(1, len(r.slots)):] {
			if c.want.Track != "" {
				t.Errorf("%s: a second slot for %s", name, s.pub.SID)
			}
		}
	}
}

func TestEncryptedTracksAreRefused(t *testing.T) {
	secret := mic
	secret.Encrypted = true
	r := &roster{want: Want{Participant: "ann"}}
	if _, err := r.wants(secret); !errors.Is(err, ErrEncrypted) {
		t.Errorf("%v", err)
	}
	secret.Identity = "bob"
	if ok, err := r.wants(secret); ok || err != nil {
		t.Errorf("another's: %v, %v", ok, err)
	}
}

func TestAnOldStreamsEndIsNotTheNewOnes(t *testing.T) {
	r := &roster{want: Want{Track: "TR_mic"}}
	now := time.Unix(0, 0)
	s, _ := r.subscribed(mic, now)
	r.subscribed(mic, now)
	r.vacant(s, 1, now)
	if s.state != live {
		t.Error("the slot is lost")
	}
	r.vacant(s, 2, now)
	if s.state != lost {
		t.Error("the slot is not lost")
	}
}
