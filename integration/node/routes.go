package node

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/meter"
)

// routes records each of n people in a room by an audio route of his own, an egress each, and at the same time all of
// them by the n routes of one more egress: the first half on the left, the others on the right.
func routes(n int, length time.Duration) accept.Case {
	return accept.Case{
		ID: fmt.Sprintf("routes-%d", n), Line: 4,
		Title: "v2 media egresses with an audio route by participant, and one egress with all the routes: " + lossless(n, length),
		Run: together{
			people: n, inRoom: n, egresses: n + 1, processes: n + 2, // each has an encoder
			settle: length / 2, length: length, // what was held back at first is encoded faster than it plays
			ask: func(ctx context.Context, p *post, speakers []speaker, i int) (*livekit.EgressInfo, error) {
				if i == n {
					return p.routed(ctx, "all", speakers[0].room, sided(speakers)...)
				}
				s := speakers[i]
				return p.routed(ctx, s.identity, s.room, route(s, livekit.AudioChannel_AUDIO_CHANNEL_BOTH))
			},
			judge: func(ctx context.Context, o *accept.Outcome, p *post, speakers []speaker, done []ended) error {
				beeps := 0
				for i, s := range speakers {
					heard, err := listen(ctx, o, s.identity, done[i].info.FileResults[0].Location)
					if err != nil {
						return err
					}
					o.Want(len(heard) == 1 && heard[s.card.ID] > 0, "%s: heard are %v, not card %d alone", s.identity, heard, s.card.ID)
					beeps += heard[s.card.ID]
				}
				o.Add("beeps, of his own participant in each file, none missing", "%d", beeps)
				return p.judgeSides(ctx, o, speakers, done[n].info.FileResults[0].Location)
			},
		}.run,
	}
}

func route(s speaker, side livekit.AudioChannel) *livekit.AudioRoute {
	return &livekit.AudioRoute{Match: &livekit.AudioRoute_ParticipantIdentity{ParticipantIdentity: s.identity}, Channel: side}
}

// sided routes the first half to the left.
func sided(all []speaker) (list []*livekit.AudioRoute) {
	for i, s := range all {
		side := livekit.AudioChannel_AUDIO_CHANNEL_LEFT
		if i >= len(all)/2 {
			side = livekit.AudioChannel_AUDIO_CHANNEL_RIGHT
		}
		list = append(list, route(s, side))
	}
	return list
}

func (p *post) routed(ctx context.Context, name, room string, list ...*livekit.AudioRoute) (*livekit.EgressInfo, error) {
	return p.API.StartEgress(ctx, &livekit.StartEgressRequest{
		RoomName: room,
		Source:   &livekit.StartEgressRequest_Media{Media: &livekit.MediaSource{Audio: &livekit.AudioConfig{Routes: list}}},
		Outputs: []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{
			FileType: livekit.EncodedFileType_OGG, Filepath: filepath.Join(p.Media, "routes", name+".ogg"),
		}}}},
	})
}

// listen tells which cards are heard in a file, and how many beeps of each.
func listen(ctx context.Context, o *accept.Outcome, what, path string) (map[int]int, error) {
	report, err := meter.Measure(ctx, path, meter.Options{NoPicture: true})
	if err != nil {
		return nil, err
	}
	o.Want(len(report.DecodeErrors) == 0 && len(report.Pilot.Gaps) == 0 && report.Pilot.HolesMS == 0, "%s: %s", what, report)
	heard := map[int]int{}
	for _, p := range report.Participants {
		heard[p.ID] = p.Beeps.Found
		judgeBeeps(o, what, report, p)
	}
	return heard, nil
}

// edge is how close to the ends of what is judged a beep may be in it or not, in seconds.
const edge = 0.02

func judgeBeeps(o *accept.Outcome, what string, r *meter.Report, p meter.Participant) {
	missing := slices.DeleteFunc(slices.Clone(p.Beeps.Missing), func(at float64) bool { return at < r.From+edge || at > r.To-edge })
	o.Want(len(missing) == 0 && len(p.Beeps.Extra) == 0, "%s: beeps of card %d are missing at %.2f, and too many at %.2f", what, p.ID, missing, p.Beeps.Extra)
}

// judgeSides looks for everybody on his side of the file with all the routes.
func (p *post) judgeSides(ctx context.Context, o *accept.Outcome, all []speaker, path string) error {
	half := len(all) / 2
	for side, people := range [][]speaker{all[:half], all[half:]} {
		one := filepath.Join(p.Dir, fmt.Sprintf("side%d.wav", side))
		cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-y", "-i", path, "-af", fmt.Sprintf("pan=mono|c0=c%d", side), one)
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("split channels: %w: %s", err, text)
		}
		report, err := meter.Measure(ctx, one, meter.Options{NoPicture: true})
		if err != nil {
			return err
		}
		var want, heard []int
		for _, s := range people {
			want = append(want, s.card.ID)
		}
		for _, who := range report.Participants {
			heard = append(heard, who.ID)
			judgeBeeps(o, fmt.Sprintf("side %d", side), report, who)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		o.Want(slices.Equal(heard, want), "side %d: heard are %v, not %v", side, heard, want)
		o.Add(fmt.Sprintf("all routes in one: heard on side %d", side), "cards %v", heard)
	}
	return nil
}
