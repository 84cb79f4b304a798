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
		Run: together{
			people: n, inRoom: card.IDs, egresses: n, processes: 1, length: length, // what is recorded as it comes needs no child
			ask: func(ctx context.Context, p *post, speakers []speaker, i int) (*livekit.EgressInfo, error) {
				s := speakers[i]
				return p.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: s.room, TrackId: s.track, Output: &livekit.TrackEgressRequest_File{
					File: &livekit.DirectFileOutput{Filepath: filepath.Join(p.Media, "tracks", s.identity+".ogg")},
				}})
			},
			judge: func(ctx context.Context, o *accept.Outcome, _ *post, speakers []speaker, done []ended) error {
				found := 0
				for i, d := range done {
					here, err := speakers[i].judge(ctx, o, d.info.FileResults[0])
					if err != nil {
						return err
					}
					found += here
				}
				o.Add("packets, each as it was sent, none missing", "%d", found)
				return nil
			},
		}.run,
	}
}

// judge looks for each packet of somebody's sound in a file and counts them. When a participant leaves, livekit-server 1.13
// leaves out single packets of others; they are there because the recorder asks for them.
func (s speaker) judge(ctx context.Context, o *accept.Outcome, f *livekit.FileInfo) (all int, err error) {
	m, err := s.material(ctx)
	if err != nil {
		return 0, err
	}
	found, err := packets.Of(ctx, f.Location)
	if err != nil {
		return 0, err
	}
	gaps, err := packets.Follow(found, packets.Sent(publish.Opus, m.Packets))
	o.Want(err == nil, "%s: %v", s.identity, err)
	for _, g := range gaps {
		o.Want(false, "%s: %d packets are missing at %.2f s of %.2f", s.identity, g.Left, g.At, time.Duration(f.Duration).Seconds())
	}
	return len(found), nil
}
