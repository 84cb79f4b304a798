package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/redis/go-redis/v9"

	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// usual is node_lost_after where a case does not say otherwise; leases then lapse after an eighth of it.
const usual = 12 * time.Second

// byDefault is node_lost_after of a recorder that is told nothing.
const byDefault = 2 * time.Minute

// speaker is the identity of the participant.
const speaker = "voice"

// patience bounds what a burdened machine may take.
const patience = 60 * time.Second

// pair is two recorders and a participant who sends sound, and where that is recorded a picture.
type pair struct {
	*lab.Lab
	redis redis.UniversalClient
	nodes []*rig.Egress
	voice *publish.Publisher
	lost  time.Duration
}

// newPair starts two recorders; where they resume what is lost, the participant sends a picture, too.
func newPair(ctx context.Context, lost time.Duration, resume bool) (*pair, error) {
	config := map[string]any{"browser_pool": 0, "node_lost_after": lost.String(), "drain_timeout": "1s", "resume_lost": resume}
	l, err := lab.New(ctx, lab.Options{Name: "nodes", Rig: rig.Options{Config: config}})
	if err != nil {
		return nil, err
	}
	p := &pair{Lab: l, nodes: []*rig.Egress{l.Egress}, lost: lost}
	if err := p.complete(ctx, config, resume); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pair) complete(ctx context.Context, config map[string]any, picture bool) (err error) {
	if p.redis, err = p.Redis.Client(); err != nil {
		return err
	}
	second := filepath.Join(p.Dir, "second")
	if err := os.MkdirAll(second, 0o700); err != nil {
		return err
	}
	other, err := rig.StartEgress(ctx, p.Binary, second, p.Redis, p.LiveKit.WS(), config)
	if err != nil {
		return err
	}
	p.nodes = append(p.nodes, other)
	if p.voice, err = p.Publish(ctx, publish.Options{Room: p.Room, Participants: 1, Identity: speaker, AudioOnly: !picture}); err != nil {
		return err
	}
	for _, n := range p.nodes {
		if err := ready(ctx, n); err != nil {
			return err
		}
	}
	// Only who has known Redis for a while acts for others.
	return lab.Pause(ctx, p.lost*3/8+time.Second)
}

// ready waits until a recorder serves requests: that somebody listens for them says nothing of which one it is.
func ready(ctx context.Context, n *rig.Egress) error {
	return until(ctx, "the recorder is ready", func() bool {
		said, err := n.Said("service ready")
		return err == nil && said > 0
	})
}

func (p *pair) close() error {
	if p.voice != nil {
		p.voice.Close()
	}
	var err error
	if p.redis != nil {
		err = p.redis.Close()
	}
	if len(p.nodes) > 1 {
		_, failed := p.nodes[1].Stop(patience)
		err = errors.Join(err, failed)
	}
	return errors.Join(err, p.Lab.Close())
}

// taken is an egress and who has it.
type taken struct {
	id    string
	path  string
	by    *rig.Egress
	other *rig.Egress
}

// record starts a recording of the voice.
func (p *pair) record(ctx context.Context, name string) (*taken, error) {
	path := filepath.Join(p.Media, name)
	return p.take(ctx, path, func() (*livekit.EgressInfo, error) {
		return p.API.StartTrack(ctx, &livekit.TrackEgressRequest{
			RoomName: p.Room, TrackId: p.voice.Tracks(0)[0],
			Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: path}},
		})
	})
}

// take starts an egress into a file.
func (p *pair) take(ctx context.Context, path string, ask func() (*livekit.EgressInfo, error)) (*taken, error) {
	t := &taken{path: path}
	r, err := p.Start(ctx, ask)
	if err != nil {
		return nil, err
	}
	t.id = r.Info.EgressId
	for i, n := range p.nodes {
		if _, err := os.Stat(filepath.Join(n.WorkDir, t.id)); err == nil {
			t.by, t.other = n, p.nodes[1-i]
			return t, nil
		}
	}
	return nil, errors.New("nobody has the egress")
}

// restart starts a recorder that has ended.
func (p *pair) restart(ctx context.Context, n *rig.Egress) error {
	if err := n.Restart(ctx, p.Binary); err != nil {
		return err
	}
	return ready(ctx, n)
}

// owned waits until a survivor speaks for an egress, and is heard beside so many others.
func (p *pair) owned(ctx context.Context, t *taken, others int64) error {
	channel := "EgressHandler|UpdateStream|" + t.id + "|REQ"
	return until(ctx, "a survivor speaks for it", func() bool {
		said, err := t.other.Said("this one speaks for it", t.id)
		if err != nil || said == 0 {
			return false
		}
		heard, err := p.redis.PubSubNumSub(ctx, channel).Result()
		return err == nil && heard[channel] > others
	})
}

// end waits for the terminal info.
func (p *pair) end(ctx context.Context, id string) (*livekit.EgressInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, p.lost+patience)
	defer cancel()
	return p.API.WaitEgress(ctx, id, rig.Terminal)
}

// ends waits for the webhook of an egress' end, and for another one in vain.
func (p *pair) ends(ctx context.Context, id string) (int, error) {
	if err := until(ctx, "webhook of the end", func() bool { return p.told(id, "egress_ended") > 0 }); err != nil {
		return 0, err
	}
	err := lab.Pause(ctx, min(p.lost, usual)+3*time.Second)
	return p.told(id, "egress_ended"), err
}

// told counts the webhooks of an egress with that event.
func (p *pair) told(id, event string) (n int) {
	for _, h := range p.Webhooks.Egress(id) {
		if h.Event.Event == event {
			n++
		}
	}
	return n
}

// left tells what Redis still knows of an egress that has ended, beside its end.
func (p *pair) left(ctx context.Context, id string) string {
	var found []string
	if _, err := p.redis.ZScore(ctx, "ffegress:leases", id).Result(); err == nil {
		found = append(found, "ffegress:leases")
	}
	for _, key := range []string{"ffegress:lease:", "ffegress:owner:"} {
		if n, err := p.redis.Exists(ctx, key+id).Result(); err != nil || n > 0 {
			found = append(found, key)
		}
	}
	return strings.Join(found, " ")
}

// delivered waits for the file and decodes it.
func delivered(ctx context.Context, path string) (seconds float64, err error) {
	if err := until(ctx, "the file is delivered", func() bool { _, err := os.Stat(path); return err == nil }); err != nil {
		return 0, err
	}
	if out, err := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-xerror", "-i", path, "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
		return 0, fmt.Errorf("decode %s: %v: %s", filepath.Base(path), err, out)
	}
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path).Output()
	if err != nil {
		return 0, fmt.Errorf("probe %s: %w", filepath.Base(path), err)
	}
	_, err = fmt.Sscan(string(out), &seconds)
	return seconds, err
}

// stand stops a recorder as a machine that is paused does.
func stand(n *rig.Egress) error { return n.Signal(syscall.SIGSTOP) }

func goOn(n *rig.Egress) error { return n.Signal(syscall.SIGCONT) }

// until polls for what has no event of its own.
func until(ctx context.Context, what string, is func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !is() {
		if err := lab.Pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("not in %v: %s", patience, what)
		}
	}
	return nil
}
