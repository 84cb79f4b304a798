package feed

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/publish"
)

// twoSides records two participants on a side each, by audio mixing and by routes, and looks for each on each side.
func twoSides(length time.Duration) accept.Case {
	return accept.Case{
		ID: "sides", Line: 1, Title: fmt.Sprintf("DUAL_CHANNEL_ALTERNATE, DUAL_CHANNEL_AGENT and audio routes, %v each", length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			b, err := newBench(ctx, nil)
			if err != nil {
				return err
			}
			defer b.close()
			if _, err := b.publish(ctx, publish.Options{Participants: 2, AudioOnly: true}); err != nil {
				return err
			}
			mixed := func(mixing livekit.AudioMixing) ([2][]int, error) {
				return b.sided(ctx, length, func(path string) (*livekit.EgressInfo, error) {
					return b.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
						RoomName: b.Room, AudioOnly: true, AudioMixing: mixing, FileOutputs: files(path, livekit.EncodedFileType_OGG),
					})
				})
			}
			alternate, err := mixed(livekit.AudioMixing_DUAL_CHANNEL_ALTERNATE)
			if err != nil {
				return err
			}
			o.Want(len(alternate[0]) == 1 && len(alternate[1]) == 1 && alternate[0][0] != alternate[1][0],
				"alternate: %v on the left, %v on the right", alternate[0], alternate[1])
			routed, err := b.sided(ctx, length, func(path string) (*livekit.EgressInfo, error) {
				route := func(who string, side livekit.AudioChannel) *livekit.AudioRoute {
					return &livekit.AudioRoute{Match: &livekit.AudioRoute_ParticipantIdentity{ParticipantIdentity: who}, Channel: side}
				}
				return b.API.StartEgress(ctx, &livekit.StartEgressRequest{
					RoomName: b.Room,
					Source: &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{Audio: &livekit.AudioConfig{Routes: []*livekit.AudioRoute{
						route("p1", livekit.AudioChannel_AUDIO_CHANNEL_LEFT), route("p0", livekit.AudioChannel_AUDIO_CHANNEL_BOTH),
					}}}},
					Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{Filepath: path}}}},
				})
			})
			if err != nil {
				return err
			}
			o.Want(fmt.Sprint(routed) == "[[0 1] [0]]", "routes: %v on the left, %v on the right", routed[0], routed[1])
			if _, err := b.publish(ctx, publish.Options{Name: "agent", Agent: true, AudioOnly: true, FirstCard: 2}); err != nil {
				return err
			}
			agent, err := mixed(livekit.AudioMixing_DUAL_CHANNEL_AGENT)
			if err != nil {
				return err
			}
			o.Want(fmt.Sprint(agent) == "[[2] [0 1]]", "agent: %v on the left, %v on the right", agent[0], agent[1])
			o.Add("heard left and right", "alternate %v, routed %v, agent %v", alternate, routed, agent)
			return nil
		},
	}
}

// sided records and tells who is heard in each channel.
func (b *bench) sided(ctx context.Context, length time.Duration, ask func(path string) (*livekit.EgressInfo, error)) (heard [2][]int, err error) {
	r, err := b.Start(ctx, func() (*livekit.EgressInfo, error) { return ask(filepath.Join(b.Media, "sides-{time}")) })
	if err != nil {
		return heard, err
	}
	if err := lab.Pause(ctx, length); err != nil {
		return heard, err
	}
	info, _, err := stopped(ctx, r)
	if err != nil {
		return heard, err
	}
	for side := range heard {
		path := filepath.Join(b.Dir, fmt.Sprintf("side%d.wav", side))
		cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-y", "-i", info.FileResults[0].Location,
			"-af", fmt.Sprintf("pan=mono|c0=c%d", side), path)
		if text, err := cmd.CombinedOutput(); err != nil {
			return heard, fmt.Errorf("split channels: %w: %s", err, text)
		}
		report, err := meter.Measure(ctx, path, meter.Options{NoPicture: true})
		if err != nil {
			return heard, err
		}
		for _, p := range report.Participants {
			if p.Heard {
				heard[side] = append(heard[side], p.ID)
			}
		}
	}
	return heard, nil
}
