package service

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/rpc"
	"github.com/livekit/psrpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// fakeIO is livekit-server's end of the reports.
type fakeIO struct {
	rpc.IOInfoClient
	mu   sync.Mutex
	fail error // what UpdateEgress answers while set
	hang bool  // nothing is answered while set
	mute bool  // states arrive even though they are not answered
	seen []livekit.EgressStatus
}

func (f *fakeIO) UpdateEgress(ctx context.Context, info *livekit.EgressInfo, _ ...psrpc.RequestOption) (*emptypb.Empty, error) {
	f.mu.Lock()
	fail, hang := f.fail, f.hang
	if fail == nil && !hang || f.mute {
		f.seen = append(f.seen, info.Status)
	}
	f.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &emptypb.Empty{}, fail
}

// GetEgress knows the last state that was told.
func (f *fakeIO) GetEgress(ctx context.Context, _ *rpc.GetEgressRequest, _ ...psrpc.RequestOption) (*livekit.EgressInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.hang:
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		return nil, ctx.Err()
	case len(f.seen) == 0:
		return nil, psrpc.NewErrorf(psrpc.NotFound, "no such egress")
	}
	return state(f.seen[len(f.seen)-1]), nil
}

func (f *fakeIO) set(fail error, hang bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.hang = fail, hang
}

func (f *fakeIO) told() []livekit.EgressStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

const (
	active   = livekit.EgressStatus_EGRESS_ACTIVE
	ending   = livekit.EgressStatus_EGRESS_ENDING
	complete = livekit.EgressStatus_EGRESS_COMPLETE
)

func state(s livekit.EgressStatus) *livekit.EgressInfo {
	return &livekit.EgressInfo{EgressId: "EG_1", Status: s}
}

func expect(t *testing.T, got []livekit.EgressStatus, want ...livekit.EgressStatus) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestReportTellsStatesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := &fakeIO{}
		r := newReporter(io, 30*time.Second, slog.New(slog.DiscardHandler))
		p := r.open("EG_1")
		p.update(state(active))
		synctest.Wait()
		expect(t, io.told()) // nothing before livekit-server knows the egress
		p.start()
		synctest.Wait()
		p.update(state(ending))
		synctest.Wait()
		p.update(state(complete))
		p.update(state(active)) // a late state does not revive a dead record
		synctest.Wait()
		p.update(state(active))
		r.close(t.Context())
		expect(t, io.told(), active, ending, complete)
	})
}

func TestReportLatestWinsWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := &fakeIO{hang: true}
		r := newReporter(io, 30*time.Second, slog.New(slog.DiscardHandler))
		p := r.open("EG_1")
		p.start()
		p.update(state(active))
		<-time.After(31 * time.Second)
		synctest.Wait()
		if r.healthy() {
			t.Error("healthy although an update was not answered")
		}
		p.update(state(ending))
		p.update(state(complete))
		<-time.After(20 * time.Minute)
		io.set(nil, false)
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if !r.healthy() {
			t.Error("not healthy although all was delivered")
		}
		r.close(t.Context())
		expect(t, io.told(), complete)
	})
}

func TestReportRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := &fakeIO{fail: psrpc.NewError(psrpc.NotFound, errors.New("no such egress"))}
		r := newReporter(io, time.Second, slog.New(slog.DiscardHandler))
		p := r.open("EG_1")
		p.start()
		p.update(state(active)) // refused: not tried again
		synctest.Wait()
		if !r.healthy() {
			t.Error("a refused interim state must not make the node unhealthy")
		}
		p.update(state(complete)) // refused: tried until it is taken
		synctest.Wait()
		io.set(nil, false)
		<-time.After(firstBackoff)
		r.close(t.Context())
		expect(t, io.told(), complete)
	})
}

func TestReportGivesUpWhenTheServiceMustEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		io := &fakeIO{hang: true}
		r := newReporter(io, time.Hour, slog.New(slog.DiscardHandler))
		p := r.open("EG_1")
		p.start()
		p.update(state(complete))
		ctx, cancel := context.WithTimeout(t.Context(), reportWait)
		defer cancel()
		begun := time.Now()
		r.close(ctx)
		if took := time.Since(begun); took != reportWait {
			t.Errorf("close took %v, want %v", took, reportWait)
		}
		expect(t, io.told())
	})
}
