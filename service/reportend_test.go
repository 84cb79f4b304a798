package service

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/psrpc"

	"github.com/ffegress/ffegress/service/lease"
)

// fakeEnds answers each question for an end with the next of takes; the last one for ever.
type fakeEnds struct {
	takes []taken
	noted int
	away  []error // of Ended, one after the other
	ended bool
}

type taken struct {
	tell  *livekit.EgressInfo
	again bool
	err   error
}

func (f *fakeEnds) Ended(context.Context, string) (bool, error) {
	if len(f.away) > 0 {
		err := f.away[0]
		f.away = f.away[1:]
		return false, err
	}
	return f.ended, nil
}

func (f *fakeEnds) Take(context.Context, *livekit.EgressInfo) (*livekit.EgressInfo, bool, error) {
	t := f.takes[0]
	if len(f.takes) > 1 {
		f.takes = f.takes[1:]
	}
	return t.tell, t.again, t.err
}

func (f *fakeEnds) Delivered(context.Context, *livekit.EgressInfo) { f.noted++ }

func TestReportOfAnEnd(t *testing.T) {
	const failed = livekit.EgressStatus_EGRESS_FAILED
	mine, others := state(complete), state(failed)
	for _, c := range []struct {
		name  string
		io    *fakeIO
		takes []taken
		doubt bool
		want  []livekit.EgressStatus
		noted int
	}{
		{"first", &fakeIO{}, []taken{{tell: mine}}, false, []livekit.EgressStatus{complete}, 1},
		{"told already", &fakeIO{}, []taken{{}}, false, nil, 0},
		{"what another decided", &fakeIO{}, []taken{{tell: others, again: true}}, false, []livekit.EgressStatus{failed}, 1},
		{
			"what another told and could not note",
			&fakeIO{seen: []livekit.EgressStatus{failed}},
			[]taken{{tell: others, again: true}}, false, []livekit.EgressStatus{failed}, 1,
		},
		{"in doubt, and not told", &fakeIO{seen: []livekit.EgressStatus{active}}, []taken{{tell: mine}}, true, []livekit.EgressStatus{active, complete}, 1},
		{"in doubt, and told", &fakeIO{seen: []livekit.EgressStatus{failed}}, []taken{{tell: mine}}, true, []livekit.EgressStatus{failed}, 1},
		{"Redis is away for a while", &fakeIO{}, []taken{{err: errors.New("away")}, {err: errors.New("away")}, {tell: mine}}, false, []livekit.EgressStatus{complete}, 1},
		{"another is at it", &fakeIO{}, []taken{{err: lease.ErrElsewhere}, {}}, false, nil, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ends := &fakeEnds{takes: c.takes}
			r := newReporter(c.io, 30*time.Second, slog.New(slog.DiscardHandler))
			p := r.open("EG_1")
			told := false
			p.ends, p.doubt, p.told = ends, c.doubt, func() { told = true }
			p.update(mine)
			p.start()
			synctest.Wait()
			if away := len(c.takes) > 1 && !errors.Is(c.takes[0].err, lease.ErrElsewhere); r.healthy() == away {
				t.Errorf("%s: healthy %v", c.name, r.healthy())
			}
			time.Sleep(time.Minute)
			r.close(t.Context())
			expect(t, c.io.told(), c.want...)
			if ends.noted != c.noted || !told {
				t.Errorf("%s: noted %d times, want %d; told %v", c.name, ends.noted, c.noted, told)
			}
		})
	}
}

// TestReportOfAnEndWhoseAnswerIsLost: livekit-server is asked before it is told again.
func TestReportOfAnEndWhoseAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := &fakeIO{fail: psrpc.ErrRequestTimedOut, mute: true}
		r := newReporter(io, time.Second, slog.New(slog.DiscardHandler))
		p := r.open("EG_1")
		p.update(state(complete))
		p.start()
		time.Sleep(time.Minute)
		r.close(t.Context())
		expect(t, io.told(), complete)
	})
}

// TestReportSilenced: once another node has told the end, nothing but the end is spoken of.
func TestReportSilenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := &fakeIO{}
		r := newReporter(io, time.Second, slog.New(slog.DiscardHandler))
		p := r.open("EG_1")
		var kept []livekit.EgressStatus
		p.keep = func(info *livekit.EgressInfo) { kept = append(kept, info.Status) }
		p.ends = &fakeEnds{takes: []taken{{}}}
		p.update(state(active))
		p.silence()
		p.update(state(ending))
		p.start()
		synctest.Wait()
		p.update(state(complete))
		r.close(t.Context())
		expect(t, io.told())
		expect(t, kept, active, ending, complete)
	})
}

// TestReportOfAnEgressThatAnotherHas: a process that stood for a while tells nothing of what another node has by now,
// before it has heard that it was taken for lost.
func TestReportOfAnEgressThatAnotherHas(t *testing.T) {
	for _, c := range []struct {
		name string
		ends *fakeEnds
		want []livekit.EgressStatus
	}{
		{"nobody has it", &fakeEnds{}, []livekit.EgressStatus{ending}},
		{"another has it", &fakeEnds{ended: true}, nil},
		{"Redis is away for a while", &fakeEnds{away: []error{errors.New("away"), errors.New("away")}}, []livekit.EgressStatus{ending}},
		{"Redis is away, another has it", &fakeEnds{away: []error{errors.New("away")}, ended: true}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			io := &fakeIO{}
			r := newReporter(io, time.Second, slog.New(slog.DiscardHandler))
			p := r.open("EG_1")
			c.ends.takes = []taken{{}}
			p.ends = c.ends
			p.update(state(ending))
			p.start()
			time.Sleep(time.Minute)
			p.update(state(complete))
			r.close(t.Context())
			t.Log(c.name)
			expect(t, io.told(), c.want...)
		})
	}
}
