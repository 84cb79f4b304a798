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
			leaving := time.Now()
			done, err := stopAll(ctx, running)
			if err != nil {
				return err
			}
			judgeWall(o, done)
			found, late := 0, 0
			for i, d := range done {
				here, missing, err := speakers[i].judge(ctx, o, d.info.FileResults[0], leaving)
				if err != nil {
					return err
				}
				found, late = found+here, late+missing
			}
			o.Add("packets, each as it was sent, none missing while all record", "%d", found)
			o.Add("left out by livekit-server while others leave", "%d", late)
			return nil
		},
	}
}

// judge looks for each packet of somebody's sound in a file and counts them. At the moment at which a participant leaves,
// livekit-server 1.13 leaves out single packets of others, so that there are gaps in what it sends and none in what it is
// sent (as seen on the wire): what is missing since the first one leaves is counted, and not judged.
func (s speaker) judge(ctx context.Context, o *accept.Outcome, f *livekit.FileInfo, leaving time.Time) (all, late int, err error) {
	m, err := s.material(ctx)
	if err != nil {
		return 0, 0, err
	}
	found, err := packets.Of(ctx, f.Location)
	if err != nil {
		return 0, 0, err
	}
	gaps, err := packets.Follow(found, packets.Sent(publish.Opus, m.Packets))
	o.Want(err == nil, "%s: %v", s.identity, err)
	first := time.Unix(0, f.StartedAt)
	for _, g := range gaps {
		if at := first.Add(time.Duration(g.At * float64(time.Second))); at.After(leaving) {
			late += g.Left
		} else {
			o.Want(false, "%s: %d packets are missing at %.2f s", s.identity, g.Left, g.At)
		}
	}
	return len(found), late, nil
}
