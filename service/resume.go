package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/utils"
	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/ffegress/ffegress/service/lease"
	"github.com/ffegress/ffegress/service/plan"
	"github.com/ffegress/ffegress/service/session"
)

// resumeWait bounds what it takes to begin an egress of a lost node again.
const resumeWait = 10 * time.Second

var errRoomOver = errors.New("its room is over")

// resumeLost goes on with an egress of a lost node. It is called by the reaper, before the service drains.
func (s *Service) resumeLost(g *lease.Gone, done func(error)) {
	s.running.Go(func() {
		ctx, cancel := context.WithTimeout(s.recording, resumeWait)
		defer cancel()
		done(s.resume(ctx, g))
	})
}

// resume begins the next try. Its errors are for EgressInfo, but those that wrap lease.ErrNotNow.
func (s *Service) resume(ctx context.Context, g *lease.Gone) error {
	req, err := plan.Again(g.Info)
	if err != nil {
		return err
	}
	if why := s.closed(); why != "" {
		return fmt.Errorf("%w: %s", lease.ErrNotNow, why)
	}
	switch lives, err := s.roomLives(ctx, g.Info); {
	case err != nil:
		return fmt.Errorf("%w: ask for the room: %w", lease.ErrNotNow, err)
	case !lives:
		return errRoomOver
	}
	if !s.sessions.reserve(req.EgressId) { // its first try, perhaps, which this node's last process has left
		return fmt.Errorf("%w: %w", lease.ErrNotNow, errExists)
	}
	begun := false
	defer func() {
		if !begun {
			s.sessions.remove(req.EgressId)
		}
	}()
	if err := s.admit(req); err != nil {
		return fmt.Errorf("%w: %w", lease.ErrNotNow, err)
	}
	p, err := s.plan(ctx, req)
	if err != nil {
		return fmt.Errorf("%w: %w", lease.ErrNotNow, err)
	}
	if err := p.Continue(g.Info, g.Heard); err != nil {
		return err
	}
	info := utils.CloneProto(p.Info)
	if err := g.Take(ctx, info); err != nil {
		return err
	}
	l, err := s.launch(ctx, p, req, info)
	if err != nil { // the lease of the next try lapses, and the egress is lost again
		s.log.Error("an egress was to be resumed and is not", "egressID", req.EgressId, "error", err)
		return nil
	}
	begun = true
	l.tell()
	if g.Stopped() {
		_, _ = l.run.Stop(ctx, session.ReasonAPI)
	}
	return nil
}

// roomLives asks livekit-server whether the room of an egress is still the one that it was.
func (s *Service) roomLives(ctx context.Context, info *livekit.EgressInfo) (bool, error) {
	rooms := lksdk.NewRoomServiceClient(s.conf.WSURL, s.conf.APIKey, s.conf.APISecret.Reveal())
	answer, err := rooms.ListRooms(ctx, &livekit.ListRoomsRequest{Names: []string{info.RoomName}})
	if err != nil {
		return false, err
	}
	for _, r := range answer.Rooms {
		if r.Name == info.RoomName && (info.RoomId == "" || r.Sid == info.RoomId) {
			return true, nil
		}
	}
	return false, nil
}
