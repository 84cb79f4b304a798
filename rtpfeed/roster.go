package rtpfeed

import (
	"time"

	"github.com/livekit/protocol/livekit"
)

// How long it is waited for what is wanted, as LiveKit Egress does.
const (
	hardWait = 30 * time.Second // for tracks and participants that the request names
	softWait = 3 * time.Second  // for whatever else is there already
	// unpublishWait is how long it may take until it is told that a track was not unpublished, but its publisher lost.
	unpublishWait = 300 * time.Millisecond
)

// slot is one track of the recording, and what replaces it.
type slot struct {
	pub   Publication
	state slotState
	since time.Time // of the state
	// unpublished is when the track went; it has ended unless its publisher turns out to be lost.
	unpublished time.Time
	attached    int  // the id of the last attachment
	told        bool // that it is over
	feed        *feed
}

type slotState int

const (
	live slotState = iota
	lost           // may come back
	over
)

// roster decides which tracks are recorded and when that ends. It knows no clock and no network: the room's goroutine
// tells what happens, and when.
type roster struct {
	want   Want
	grace  time.Duration // for what vanished without leaving
	joined time.Time
	slots  []*slot

	hardOK time.Time // everything that the request names is there; zero = not yet
	ready  bool
	away   bool      // the connection is lost, so nothing is known of others
	gone   time.Time // the one participant of the request is gone since; zero = is there
	left   bool      // and has left for good
}

// slotOf is the slot that a publication belongs to; nil when it would be a new one.
func (r *roster) slotOf(p Publication) *slot {
	for _, s := range r.slots {
		if s.state != over && s.pub.SID == p.SID {
			return s
		}
	}
	for _, s := range r.slots {
		same := s.pub.Identity == p.Identity && s.pub.Source == p.Source && s.pub.Video == p.Video
		if same && p.Source == livekit.TrackSource_UNKNOWN {
			same = s.pub.Name == p.Name
		}
		if same && (s.state == lost || s.state == live && s.pub.ParticipantSID != p.ParticipantSID) {
			return s
		}
	}
	return nil
}

// wants tells whether a publication is to be subscribed to.
func (r *roster) wants(p Publication) (bool, error) {
	if err := r.want.check(p); err != nil {
		return false, err
	}
	_, ok := r.want.Match(p)
	if !ok && r.slotOf(p) == nil {
		return false, nil
	}
	if p.Encrypted {
		return false, ErrEncrypted
	}
	return true, nil
}

// required tells that the recording is nothing without this track.
func (r *roster) required(p Publication) bool {
	if r.want.named() {
		return true
	}
	for _, id := range r.want.ids() {
		if id == p.SID {
			return true
		}
	}
	return false
}

// subscribed notes that a track's packets come. fresh tells that its slot is a new one.
func (r *roster) subscribed(p Publication, now time.Time) (s *slot, fresh bool) {
	if s = r.slotOf(p); s == nil {
		s = &slot{}
		r.slots = append(r.slots, s)
		fresh = true
	}
	s.pub, s.state, s.since, s.unpublished = p, live, now, time.Time{}
	s.attached++
	return s, fresh
}

// vacant notes that the packets of an attachment have ended; why is told by other means.
func (r *roster) vacant(s *slot, id int, now time.Time) {
	if s.state == live && s.attached == id {
		s.state, s.since = lost, now
	}
}

// unpublished notes that the publisher has taken the track away, or so it seems.
func (r *roster) unpublished(sid string, now time.Time) {
	for _, s := range r.slots {
		if s.state != over && s.pub.SID == sid {
			s.unpublished = now
		}
	}
}

// departed notes that a participant is gone.
func (r *roster) departed(identity, participantSID string, reason livekit.DisconnectReason, now time.Time) {
	leaving := reason == livekit.DisconnectReason_CLIENT_INITIATED
	for _, s := range r.slots {
		if s.state == over || s.pub.ParticipantSID != participantSID {
			continue
		}
		if leaving {
			s.state, s.since = over, now
			continue
		}
		if s.unpublished = (time.Time{}); s.state == live {
			s.state, s.since = lost, now
		}
	}
	if identity == r.want.Participant && identity != "" {
		r.left = leaving
		if r.gone.IsZero() {
			r.gone = now
		}
	}
}

// disconnected notes that the room is lost to us; reconnected that it is not any more. Others have the whole grace
// from then on: they may have been where we were.
func (r *roster) disconnected(now time.Time) {
	r.away = true
	for _, s := range r.slots {
		if s.state == live {
			s.state, s.since = lost, now
		}
		s.unpublished = time.Time{}
	}
	if r.want.Participant != "" && r.gone.IsZero() {
		r.gone = now
	}
}

func (r *roster) reconnected(now time.Time) {
	r.away = false
	for _, s := range r.slots {
		if s.state == lost {
			s.since = now
		}
	}
	if !r.gone.IsZero() {
		r.gone = now
	}
}

// view is how the room stands.
type view struct {
	sids    map[string]string // participants' SIDs by identity
	pending int               // tracks that are wanted, there, and not yet subscribed
}

// settle draws the conclusions. It returns the slots that have ended since the last time, and whether the recording has;
// the error is that what was wanted did not come.
func (r *roster) settle(v view, now time.Time) (ended []*slot, done bool, err error) {
	for _, s := range r.slots {
		r.judge(s, v, now)
		if s.state == over && !s.told {
			s.told = true
			ended = append(ended, s)
		}
	}
	if sid := v.sids[r.want.Participant]; sid != "" && !r.away {
		r.gone, r.left = time.Time{}, false
	}
	if !r.ready {
		return ended, false, r.await(v, now)
	}
	return ended, r.finished(now), nil
}

// judge decides about a slot of which something was told.
func (r *roster) judge(s *slot, v view, now time.Time) {
	if s.state == over || r.away {
		return
	}
	if !s.unpublished.IsZero() && now.Sub(s.unpublished) >= unpublishWait {
		if sid, ok := v.sids[s.pub.Identity]; ok && sid == s.pub.ParticipantSID {
			s.state, s.since = over, s.unpublished
			return
		}
		s.unpublished = time.Time{}
		if s.state == live {
			s.state, s.since = lost, now
		}
	}
	if s.state == lost && s.unpublished.IsZero() && now.Sub(s.since) >= r.grace {
		s.state = over
	}
}

// await finds out whether everything is there that the recording waits for.
func (r *roster) await(v view, now time.Time) error {
	missing := r.missing(v)
	switch {
	case missing != nil:
		if now.Sub(r.joined) >= hardWait {
			return missing
		}
		return nil
	case r.hardOK.IsZero():
		r.hardOK = now
	}
	r.ready = v.pending == 0 || now.Sub(r.hardOK) >= softWait
	return nil
}

func (r *roster) missing(v view) error {
	for _, id := range r.want.identities() {
		if v.sids[id] == "" {
			return &NotFoundError{"participant", id}
		}
	}
	for _, id := range r.want.ids() {
		found := false
		for _, s := range r.slots {
			found = found || s.pub.SID == id
		}
		if !found {
			return &NotFoundError{"track", id}
		}
	}
	return nil
}

// finished tells whether the recording has ended by itself.
func (r *roster) finished(now time.Time) bool {
	if r.want.Stays || r.away {
		return false
	}
	if r.want.Participant != "" {
		return r.left || !r.gone.IsZero() && now.Sub(r.gone) >= r.grace
	}
	for _, s := range r.slots {
		if s.state != over {
			return false
		}
	}
	return true
}

// next is how long nothing happens by itself.
func (r *roster) next(now time.Time) time.Duration {
	wait := time.Minute
	until := func(at time.Time, d time.Duration) {
		if !at.IsZero() {
			wait = min(wait, max(at.Add(d).Sub(now), 0))
		}
	}
	if !r.ready {
		until(r.joined, hardWait)
		until(r.hardOK, softWait)
	}
	if r.away {
		return wait
	}
	until(r.gone, r.grace)
	for _, s := range r.slots {
		if s.state != over {
			until(s.unpublished, unpublishWait)
		}
		if s.state == lost {
			until(s.since, r.grace)
		}
	}
	return wait + time.Millisecond
}
