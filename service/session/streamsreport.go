package session

import (
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/outputs"
)

// retryTold is how often a stream's tries may be told.
const retryTold = time.Minute

// streamsReport tells of each stream that there ever was: in the results and, where the request has streams only, in
// the deprecated result that older clients read.
type streamsReport struct {
	set  *streamSet
	info *livekit.EgressInfo
	now  func() time.Time

	told     map[*member]time.Time // when a try of it was told last
	starting bool                  // a stream is about to begin
	pending  bool                  // something is to be told as soon as no stream is about to begin
}

var _ report = (*streamsReport)(nil)

func newStreamsReport(set *streamSet, info *livekit.EgressInfo) *streamsReport {
	return &streamsReport{set: set, info: info, now: time.Now, told: map[*member]time.Time{}}
}

// started tells nothing: a stream starts when its server takes it.
func (r *streamsReport) started(time.Time) {}

func (r *streamsReport) progress(outputs.Result) { r.sync() }

func (r *streamsReport) ended(outputs.Result) { r.sync() }

// sync brings the results up to what the streams are.
func (r *streamsReport) sync() {
	starting := false
	for i, m := range r.set.members() {
		if i == len(r.info.StreamResults) {
			r.add(m)
		}
		to := r.info.StreamResults[i]
		status, started, retries := to.Status, to.StartedAt, to.Retries
		r.fill(to, m)
		switch {
		case to.Status != status, to.StartedAt != started:
			r.pending = true
		case to.Retries != retries && r.now().Sub(r.told[m]) >= retryTold:
			r.told[m], r.pending = r.now(), true
		}
		starting = starting || to.Status == livekit.StreamInfo_ACTIVE && to.StartedAt == 0
	}
	r.starting = starting
}

// add makes the result of a stream that was added.
func (r *streamsReport) add(m *member) {
	to := &livekit.StreamInfo{Url: m.url.String(), Status: livekit.StreamInfo_ACTIVE}
	r.info.StreamResults = append(r.info.StreamResults, to)
	//lint:ignore SA1019 clients of the first API generation read it
	if list := r.info.GetStream(); list != nil {
		list.Info = r.info.StreamResults
	}
	r.pending = true
}

func (r *streamsReport) fill(to *livekit.StreamInfo, m *member) {
	st := m.stream.State()
	to.Retries = uint32(st.Retries)
	to.LastRetryAt = unixNano(st.LastRetry)
	to.StartedAt = unixNano(st.Started)
	if !m.over() {
		return
	}
	to.Status = livekit.StreamInfo_FINISHED
	if m.removed.IsZero() && st.Err != nil {
		to.Status, to.Error = livekit.StreamInfo_FAILED, st.Err.Error()
	}
	to.EndedAt = m.ended().UnixNano()
	if to.StartedAt == 0 || to.StartedAt > to.EndedAt {
		to.StartedAt = to.EndedAt
	}
	to.Duration = to.EndedAt - to.StartedAt
}

// due says whether there is something to tell now, and that it is told.
func (r *streamsReport) due() bool {
	due := r.pending && !r.starting
	if due {
		r.pending = false
	}
	return due
}

func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
