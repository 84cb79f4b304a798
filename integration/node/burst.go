package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// burstCores are those of each of the two nodes, whatever the machine has: 0.8 of them may be given away.
const (
	burstCores = "2"
	burstShare = 1.6
)

// composedCost is what a picture of the room is said to cost: three fit beside whatever else fits.
const composedCost = 0.05

// startings are what is asked for at once: pictures of the room, and of the rest every fifth the room's sound, the
// others tracks. Those two cost the same.
type startings struct {
	n, composed int
	cost        float64 // cores
}

// room is how many of the equal ones a node has room for.
func (s startings) room() int { return int(burstShare / s.cost) }

func makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

// burst asks two nodes for more than they have room for, all at once: they take what fits, one decision at a time, and
// what they took is whole. livekit-server asks again for what nobody took, for more than ten seconds: some of it is taken
// when it is known that the first ones need less than their costs.
func burst(s startings) accept.Case {
	return accept.Case{
		ID: "burst", Line: 1,
		Title: fmt.Sprintf("%d starts at once (tracks, sound of a room, %d pictures of it) on two nodes with room for %d tracks", s.n, s.composed, 2*s.room()),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			p, err := newPost(ctx, map[string]any{"cpu_cost": map[string]any{
				"track_cpu_cost": s.cost, "sdk_audio_room_composite_cpu_cost": s.cost, "room_composite_cpu_cost": composedCost,
			}}, "LIVEKIT_CPU_REQUEST="+burstCores)
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			second, err := p.another(ctx)
			if err != nil {
				return err
			}
			if s.composed > 0 {
				camera, err := p.Publish(ctx, publish.Options{Room: p.Room, Name: "camera", Participants: 1, VideoOnly: true, Sizes: []publish.Size{{Width: 320, Height: 180}}})
				if err != nil {
					return err
				}
				defer camera.Close()
			}
			began := time.Now()
			wait := p.askAtOnce(ctx, s)
			// Those that were taken at once record by now, and nothing is settled yet.
			if err := lab.Pause(ctx, 6*time.Second); err != nil {
				return err
			}
			if err := p.judgeFull(ctx, o, second, s); err != nil {
				return err
			}
			taken, refused := wait()
			o.Add("taken, refused", "%d, %d, all told after %.1f s", len(taken), len(refused), time.Since(began).Seconds())
			o.Want(len(taken)+len(refused) == s.n && len(taken) >= s.room()+s.composed, "%d are taken and %d refused, of %d", len(taken), len(refused), s.n)
			told := map[string]int{}
			for _, err := range refused {
				told[err.Error()]++
				var e *rig.APIError
				o.Want(errors.As(err, &e) && e.Code == "unavailable" &&
					(strings.HasSuffix(e.Msg, "not enough CPU") || strings.HasSuffix(e.Msg, "no response from servers")), "refused with %v", err)
			}
			o.Add("refusals", "%v", told)
			kinds, least, most := map[string]int{}, time.Duration(0), time.Duration(0)
			for _, r := range taken {
				info, lost, err := whole(ctx, r)
				if err != nil {
					return fmt.Errorf("%s: %w", r.Info.EgressId, err)
				}
				kinds[kindOf(info)]++
				least, most = min(least, -lost), max(most, -lost)
				o.Want(lost.Abs() < slack, "%s lost %v of what was recorded", info.EgressId, lost)
			}
			o.Add("complete", "%v; files beside the wall clock %+d to %+d ms", kinds, least.Milliseconds(), most.Milliseconds())
			o.Want(kinds["composite"] == s.composed, "%d of %d pictures of the room were recorded", kinds["composite"], s.composed)
			for _, e := range []*rig.Egress{p.Egress, second} {
				n, err := e.Said("the node cannot carry what it records")
				o.Want(err == nil && n == 0, "a healthy egress was ended: %d, %v", n, err)
			}
			return nil
		},
	}
}

func kindOf(info *livekit.EgressInfo) string {
	switch c := info.GetRoomComposite(); {
	case c == nil:
		return "track"
	case c.AudioOnly:
		return "sound"
	}
	return "composite"
}

// startAny asks for the i-th of what is to be started at once.
func (p *post) startAny(ctx context.Context, s startings, i int) (*livekit.EgressInfo, error) {
	req := &livekit.RoomCompositeEgressRequest{RoomName: p.Room, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: filepath.Join(p.Media, fmt.Sprintf("burst-%02d", i))}}}
	switch {
	case i < s.composed:
		req.Options = &livekit.RoomCompositeEgressRequest_Advanced{Advanced: &livekit.EncodingOptions{Width: 320, Height: 180, Framerate: 15, VideoBitrate: 300}}
	case i%5 == 4:
		req.AudioOnly = true
	default:
		return p.ask(ctx, fmt.Sprintf("burst-%02d", i))
	}
	return p.API.StartRoomComposite(ctx, req)
}

// askAtOnce asks for all recordings; what it gives waits for all answers, and gives those that record and why the others do
// not.
func (p *post) askAtOnce(ctx context.Context, s startings) (wait func() (taken []*lab.Recording, refused []error)) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var taken []*lab.Recording
	var refused []error
	for i := range s.n {
		wg.Go(func() {
			r, err := p.Start(ctx, func() (*livekit.EgressInfo, error) { return p.startAny(ctx, s, i) })
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused = append(refused, errors.Unwrap(err))
				return
			}
			taken = append(taken, r)
		})
	}
	return func() ([]*lab.Recording, []error) {
		wg.Wait()
		return taken, refused
	}
}

// judgeFull looks at what two full nodes tell: in their logs, and to whoever asks all of them.
func (p *post) judgeFull(ctx context.Context, o *accept.Outcome, second *rig.Egress, s startings) error {
	needs := fmt.Sprintf("CPU: needs %.2f cores", s.cost)
	for _, e := range []*rig.Egress{p.Egress, second} {
		n, err := e.Said("no room for an egress", fmt.Sprintf("neededCores=%v", s.cost), needs+", free are", "type=track")
		o.Want(err == nil && n > 0, "a full node's log does not say what was needed and free: %v", err)
	}
	out, err := exec.CommandContext(ctx, p.Binary, "check", "--cluster", "--config", p.Egress.Config).Output()
	var exit *exec.ExitError
	o.Want(err == nil || errors.As(err, &exit) && exit.ExitCode() == 1, "check --cluster of full nodes ends with %v", err)
	o.Add("check --cluster", "\n```\n%s```", hosts.ReplaceAllString(string(out), "$1 host:"))
	o.Want(strings.Count(string(out), "warn  NE_") == 2, "there are not two full nodes: %s", out)
	all := 0
	for _, m := range recordings.FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.Atoi(m[1])
		o.Want(err == nil && n <= s.room()+s.composed, "a node with room for %d records %s", s.room(), m[1])
		all += n
	}
	o.Want(all >= s.room()+s.composed, "two nodes with room for %d each record %d", s.room(), all)
	refuses := regexp.MustCompile(`\btrack[a-z_, ]*\(` + needs)
	o.Want(len(refuses.FindAllString(string(out), -1)) == 2, "check --cluster does not say why a track is refused: %s", out)
	return nil
}

// In what check --cluster says: the names of machines, and how much each node records.
var (
	hosts      = regexp.MustCompile(`(?m)^(\S+ +NE_\S+) +\S+:`)
	recordings = regexp.MustCompile(`: (\d+) recording`)
)
