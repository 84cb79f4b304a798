package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/meter"
	"github.com/ffegress/ffegress/integration/rig"
)

// composedFor is how long recordings that are put together run before their recorder dies: longer than media is held
// back at their beginning.
const composedFor = 8 * time.Second

const (
	offsetP95 = 40 // ms
	barError  = 6  // 8-bit steps, in a small picture
)

// resumesKilled kills a recorder whose egresses go on on the other one, and has it come back.
func resumesKilled() accept.Case {
	return accept.Case{
		ID: "resume", Title: fmt.Sprintf("resume_lost: SIGKILL of a recorder, node_lost_after %v: what records rooms goes on elsewhere, a track does not; the recorder is back", usual),
		Run: withResume((*rig.Egress).Kill, (*pair).restart, judged{first: true, offset: offsetP95}),
	}
}

// resumesFrozen stops a recorder with SIGSTOP until its egresses go on on the other one.
func resumesFrozen() accept.Case {
	return accept.Case{
		ID: "resume-frozen", Title: fmt.Sprintf("resume_lost: the same with SIGSTOP and SIGCONT, node_lost_after %v", usual),
		Run: withResume(
			func(n *rig.Egress) { _ = stand(n) },
			func(_ *pair, _ context.Context, n *rig.Egress) error { return goOn(n) },
			judged{},
		),
	}
}

// judged is what a case judges by what is seen and heard. What a recorder that stood has recorded stands in its middle,
// and when it goes on it has half a minute to make up for, on the very cores that the other one records with.
type judged struct {
	first  bool    // what was recorded before, too
	offset float64 // of sound against picture, ms; 0: not
}

func withResume(lose func(*rig.Egress), back func(*pair, context.Context, *rig.Egress) error, j judged) func(context.Context, *accept.Outcome) error {
	return func(ctx context.Context, o *accept.Outcome) error {
		p, err := newPair(ctx, usual, true)
		if err != nil {
			return err
		}
		return errors.Join(p.resume(ctx, o, lose, back, j), p.close())
	}
}

// kinds are the requests that go on, by what their files are called.
func (p *pair) kinds(ctx context.Context) map[string]func() (*livekit.EgressInfo, error) {
	file := func(name string) []*livekit.EncodedFileOutput {
		return []*livekit.EncodedFileOutput{{Filepath: filepath.Join(p.Media, strings.Replace(name, ".", "{retry}.", 1))}}
	}
	small := &livekit.EncodingOptions{Width: 640, Height: 360, Framerate: 30, VideoBitrate: 1000}
	return map[string]func() (*livekit.EgressInfo, error){
		"tracks.ogg": func() (*livekit.EgressInfo, error) {
			return p.API.StartTrackComposite(ctx, &livekit.TrackCompositeEgressRequest{
				RoomName: p.Room, AudioTrackId: p.voice.Tracks(0)[0], FileOutputs: file("tracks.ogg"),
			})
		},
		"participant.mp4": func() (*livekit.EgressInfo, error) {
			return p.API.StartParticipant(ctx, &livekit.ParticipantEgressRequest{
				RoomName: p.Room, Identity: speaker, FileOutputs: file("participant.mp4"),
				Options: &livekit.ParticipantEgressRequest_Advanced{Advanced: small},
			})
		},
		"room.mp4": func() (*livekit.EgressInfo, error) {
			return p.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
				RoomName: p.Room, FileOutputs: file("room.mp4"),
				Options: &livekit.RoomCompositeEgressRequest_Advanced{Advanced: small},
			})
		},
	}
}

func (p *pair) resume(ctx context.Context, o *accept.Outcome, lose func(*rig.Egress), back func(*pair, context.Context, *rig.Egress) error, j judged) error {
	track, err := p.record(ctx, "voice.ogg")
	if err != nil {
		return err
	}
	rooms := map[string]*taken{}
	for name, ask := range p.kinds(ctx) {
		t, err := p.take(ctx, filepath.Join(p.Media, name), ask)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if t.by != track.by {
			return errors.New("the egresses are on two recorders")
		}
		rooms[name] = t
	}
	if err := lab.Pause(ctx, composedFor); err != nil {
		return err
	}
	lost := time.Now()
	lose(track.by)
	for name, t := range rooms {
		waiting, cancel := context.WithTimeout(ctx, p.lost+patience)
		info, err := p.API.WaitEgress(waiting, t.id, func(i *livekit.EgressInfo) bool {
			return i.RetryCount == 1 || i.Status > livekit.EgressStatus_EGRESS_ENDING
		})
		cancel()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.Add(name+": lost to recording again", "%.1f s, %s", time.Since(lost).Seconds(), strings.ReplaceAll(info.Details, p.Media+"/", ""))
		o.Want(info.Status == livekit.EgressStatus_EGRESS_ACTIVE, "%s: %v %q", name, info.Status, info.Error)
	}
	final, err := p.end(ctx, track.id)
	if err != nil {
		return err
	}
	o.Add("a track", "%v: %s", final.Status, final.Error)
	o.Want(strings.HasPrefix(final.Error, goneText) && strings.HasSuffix(final.Error, "TrackComposite egresses are resumed"), "a track: %v %q", final.Status, final.Error)
	if err := lab.Pause(ctx, composedFor); err != nil {
		return err
	}
	if err := back(p, ctx, track.by); err != nil {
		return err
	}
	if err := p.firstHalves(ctx, o, rooms, j); err != nil {
		return err
	}
	return p.secondHalves(ctx, o, rooms, j)
}

// firstHalves waits until the recorder that is back has delivered what it has, of egresses that run elsewhere now.
func (p *pair) firstHalves(ctx context.Context, o *accept.Outcome, rooms map[string]*taken, j judged) error {
	for name, t := range rooms {
		length, err := delivered(ctx, t.path)
		if err != nil {
			return err
		}
		o.Add(name+": what was recorded before", "decodes, %.1f s", length)
		o.Want(length > 0, "%s has %.1f s", name, length)
		if j.first {
			if err := j.shows(ctx, o, t.path); err != nil {
				return err
			}
		}
		if err := until(ctx, "the egress' directory is gone", func() bool {
			_, err := os.Stat(filepath.Join(t.by.WorkDir, t.id))
			return os.IsNotExist(err)
		}); err != nil {
			return err
		}
		items, err := p.API.List(ctx, &livekit.ListEgressRequest{EgressId: t.id})
		if err != nil {
			return err
		}
		for _, i := range items {
			o.Want(i.Status == livekit.EgressStatus_EGRESS_ACTIVE && i.RetryCount == 1, "%s, its recorder is back: %v %q", name, i.Status, i.Error)
		}
		o.Want(p.told(t.id, "egress_ended") == 0, "%s: its end has been told", name)
	}
	return nil
}

// shows judges what a file with a picture shows and how that meets the sound; how smoothly two recorders on one
// burdened machine go is not asked here.
func (j judged) shows(ctx context.Context, o *accept.Outcome, path string) error {
	if filepath.Ext(path) != ".mp4" {
		return nil
	}
	report, err := meter.Measure(ctx, path, meter.Options{IDs: []int{0}})
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	for _, p := range report.Participants {
		o.Add(name+": flashes, beeps, A/V", "%d of %d, %d of %d, |p95| %.1f ms", p.Flashes.Expected-len(p.Flashes.Missing), p.Flashes.Expected,
			p.Beeps.Expected-len(p.Beeps.Missing), p.Beeps.Expected, p.Offsets.P95Abs)
	}
	faults := report.Check(meter.Limits{OffsetP95: j.offset, BarError: barError, AllowRepeats: true, AllowGaps: true})
	o.Want(len(faults) == 0, "%s: %q", name, faults)
	return nil
}

// secondHalves ends what goes on.
func (p *pair) secondHalves(ctx context.Context, o *accept.Outcome, rooms map[string]*taken, j judged) error {
	for name, t := range rooms {
		if _, err := p.API.Stop(ctx, t.id); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		final, err := p.end(ctx, t.id)
		if err != nil {
			return err
		}
		ext := filepath.Ext(t.path)
		path := strings.TrimSuffix(t.path, ext) + "1" + ext
		o.Want(final.Status == livekit.EgressStatus_EGRESS_COMPLETE && len(final.FileResults) == 1 && final.FileResults[0].Location == path,
			"%s: %v %q, %v", name, final.Status, final.Error, final.FileResults)
		length, err := delivered(ctx, path)
		if err != nil {
			return err
		}
		o.Add(filepath.Base(path)+": what was recorded then", "decodes, %.1f s", length)
		o.Want(length >= composedFor.Seconds()-1, "%s has %.1f s", path, length)
		if err := j.shows(ctx, o, path); err != nil {
			return err
		}
		for _, manifest := range []string{t.id + ".json", t.id + "~1.json"} {
			_, err := os.Stat(filepath.Join(p.Media, manifest))
			o.Want(err == nil, "%s: manifest: %v", name, err)
		}
	}
	if err := lab.Pause(ctx, p.lost+3*time.Second); err != nil {
		return err
	}
	for name, t := range rooms {
		begun, ended := p.told(t.id, "egress_started"), p.told(t.id, "egress_ended")
		o.Add(name+": webhooks of the beginning, of the end", "%d, %d", begun, ended)
		o.Want(begun == 1 && ended == 1, "%s: %d, %d webhooks", name, begun, ended)
		left := p.left(ctx, t.id) + p.left(ctx, t.id+"~1")
		o.Want(left == "", "%s: left in Redis: %s", name, left)
	}
	return nil
}
