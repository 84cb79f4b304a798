package node

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/integration/packets"
	"github.com/ffegress/ffegress/integration/publish"
)

// tracks records as many tracks as there are speakers, a Track egress for each, and looks for each packet that was sent
// in its file.
func tracks(n int, length time.Duration) accept.Case {
	return accept.Case{
		ID: fmt.Sprintf("tracks-%d", n), Line: 4, Title: "Track egresses of as many Opus tracks, each of its own participant: " + lossless(n, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			speakers, leave, err := p.crowd(ctx, n, card.IDs)
			if err != nil {
				return err
			}
			defer leave()
			idle, _, err := p.burden(ctx, o, "idle", 4*time.Second)
			if err != nil {
				return err
			}
			began := time.Now()
			running, err := p.startAll(ctx, n, func(ctx context.Context, i int) (*livekit.EgressInfo, error) {
				s := speakers[i]
				return p.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: s.room, TrackId: s.track, Output: &livekit.TrackEgressRequest_File{
					File: &livekit.DirectFileOutput{Filepath: filepath.Join(p.Media, "tracks", s.identity+".ogg")},
				}})
			})
			if err != nil {
				return err
			}
			o.Add("all record after", "%.1f s, %d starts at a time", time.Since(began).Seconds(), atOnce)
			busy, processes, err := p.burden(ctx, o, "recording", length)
			if err != nil {
				return err
			}
			o.Want(processes == 1, "%d processes record sound as it comes", processes)
			each(o, idle, busy, n)
			done, err := stopAll(ctx, running)
			if err != nil {
				return err
			}
			judgeWall(o, done)
			found, lost := 0, int64(0)
			for i, d := range done {
				counts, err := p.Egress.Counts("recorded", d.info.EgressId)
				if err != nil {
					return err
				}
				lost += counts["packetsLost"]
				here, err := speakers[i].judge(ctx, o, d.info.FileResults[0].Location)
				if err != nil {
					return err
				}
				found += here
			}
			o.Add("packets, each as it was sent; missing between them", "%d; %d", found, lost)
			o.Want(lost == 0, "%d packets never came", lost)
			return nil
		},
	}
}

// judge looks for each packet of somebody's sound in a file and counts them.
func (s speaker) judge(ctx context.Context, o *accept.Outcome, path string) (int, error) {
	m, err := s.material(ctx)
	if err != nil {
		return 0, err
	}
	found, err := packets.Of(ctx, path)
	if err != nil {
		return 0, err
	}
	gaps, err := packets.Follow(found, packets.Sent(publish.Opus, m.Packets))
	o.Want(err == nil, "%s: %v", s.identity, err)
	o.Want(len(gaps) == 0, "%s: packets are missing: %v", s.identity, gaps)
	return len(found), nil
}
