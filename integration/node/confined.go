package node

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
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// notThere is what a request for a file outside of the roots is told.
const notThere = "is not below any of local_output_roots"

// climberName is what somebody is called who wants to be in a file's name: a way upwards, a sign that turns the rest around.
const climberName = "../../\u202e/etc/x"

// confined asks for files in all places where none may be.
func confined() accept.Case {
	return accept.Case{
		ID: "paths", Line: 6, Title: "local_output_roots: `..`, absolute paths, symbolic links, names of rooms and people; mode of files",
		Run: func(ctx context.Context, o *accept.Outcome) error {
			dir, err := os.MkdirTemp("", "confined-*")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			root, outside := filepath.Join(dir, "root"), filepath.Join(dir, "outside")
			err = errors.Join(os.Mkdir(root, 0o755), os.Mkdir(outside, 0o755), os.Symlink(outside, filepath.Join(root, "link")),
				os.Symlink(filepath.Join(outside, "planted.ogg"), filepath.Join(root, "planted.ogg")))
			if err != nil {
				return err
			}
			p, err := newPost(ctx, map[string]any{
				"local_output_roots": []string{root}, "local_output_mode": "0640", "local_output_dir_mode": "2750", "umask": "0077",
			})
			if err != nil {
				return err
			}
			defer func() { _ = p.close() }()
			for _, path := range []string{
				filepath.Join(outside, "x"), "/etc/ffegress-x", "relative/x", "../../x", root + "/../outside/x", root + "2/x",
				root + "/link/x", root + "/link/new/x", root + "/planted.ogg",
			} {
				_, err := p.askFor(ctx, path)
				var e *rig.APIError
				o.Want(errors.As(err, &e) && e.Code == "invalid_argument" && strings.Contains(e.Msg, notThere), "%s: %v", path, err)
			}
			if err := p.judgeTrack(ctx, o, outside); err != nil {
				return err
			}
			if err := p.judgeNames(ctx, o, root); err != nil {
				return err
			}
			for _, place := range []string{outside, "/etc/ffegress-x", dir + "/root2"} {
				left, err := filepath.Glob(place + "*/*")
				o.Want(err == nil && len(left) == 0, "%v were made outside", left)
			}
			return nil
		},
	}
}

// askFor asks for the sound of the room in a file of that path.
func (p *post) askFor(ctx context.Context, path string) (*livekit.EgressInfo, error) {
	return p.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
		RoomName: p.Room, AudioOnly: true, FileOutputs: []*livekit.EncodedFileOutput{{Filepath: path}},
	})
}

// judgeTrack asks for a track outside of the roots. It is named when it is known, and so refused then.
func (p *post) judgeTrack(ctx context.Context, o *accept.Outcome, outside string) error {
	info, err := p.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: p.Room, TrackId: p.speaker.Tracks(0)[0],
		Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: outside + "/x"}}})
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if info, err = p.API.WaitEgress(waiting, info.EgressId, rig.Terminal); err != nil {
		return err
	}
	o.Want(info.Status == livekit.EgressStatus_EGRESS_FAILED && strings.Contains(info.Error, notThere), "a track outside: %v %q", info.Status, info.Error)
	return nil
}

// judgeNames records somebody whose name is a path, and looks at where the file is and whose.
func (p *post) judgeNames(ctx context.Context, o *accept.Outcome, root string) error {
	climber, err := p.Publish(ctx, publish.Options{Room: p.Room, Name: climberName, Participants: 1, FirstCard: 1, AudioOnly: true})
	if err != nil {
		return err
	}
	defer climber.Close()
	if err := lab.Pause(ctx, time.Until(climber.Zero())+500*time.Millisecond); err != nil {
		return err
	}
	r, err := p.Start(ctx, func() (*livekit.EgressInfo, error) {
		return p.API.StartTrack(ctx, &livekit.TrackEgressRequest{RoomName: p.Room, TrackId: climber.Tracks(0)[0],
			Output: &livekit.TrackEgressRequest_File{File: &livekit.DirectFileOutput{Filepath: root + "/new/{publisher_identity}/{room_name}"}}})
	})
	if err != nil {
		return err
	}
	if err := lab.Pause(ctx, 2*time.Second); err != nil {
		return err
	}
	info, _, err := whole(ctx, r)
	if err != nil {
		return err
	}
	at := info.FileResults[0].Location
	below, err := filepath.Rel(root, at)
	if err != nil {
		return err
	}
	o.Add("where a file goes", "%+q asks for %q", climberName, below)
	o.Want(filepath.IsLocal(below) && strings.Count(below, "/") == 2 && !strings.Contains(below, ".."), "the file is at %q", at)
	file, err := os.Stat(at)
	if err != nil {
		return err
	}
	o.Want(file.Mode().Perm() == 0o640, "its mode is %v", file.Mode())
	folder, err := os.Stat(filepath.Dir(at))
	if err != nil {
		return err
	}
	o.Want(folder.Mode().Perm() == 0o750 && folder.Mode()&os.ModeSetgid != 0, "its folder's mode is %v", folder.Mode())
	if media := time.Duration(info.FileResults[0].Duration); media < time.Second {
		return fmt.Errorf("the file has %v only", media)
	}
	return nil
}
