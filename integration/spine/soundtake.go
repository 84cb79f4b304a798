package spine

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/livekit/protocol/livekit"

	"github.com/ffegress/ffegress/integration/accept"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// soundTake is one recording of sound only.
type soundTake struct {
	file soundFile
	web  bool
	v2   bool // StartEgress
}

// soundTakes are the kinds of file by source and API.
func soundTakes() (all []soundTake) {
	for _, v2 := range []bool{false, true} {
		for _, web := range []bool{false, true} {
			for _, f := range soundFiles {
				all = append(all, soundTake{f, web, v2})
			}
		}
	}
	return all
}

func (t soundTake) id() string {
	id := "sound-room-"
	if t.web {
		id = "sound-web-"
	}
	if id += t.file.name; t.v2 {
		id += "-v2"
	}
	return id
}

// sound records sound only and judges the file.
func sound(t soundTake, length time.Duration, b bars) accept.Case {
	source, api := "room", "v1"
	if t.web {
		source = "web"
	}
	if t.v2 {
		api = "v2"
	}
	return accept.Case{
		ID: t.id(), Line: 3, Title: fmt.Sprintf("%s %s, sound only, into %s, %v", source, api, t.file.name, length),
		Run: func(ctx context.Context, o *accept.Outcome) error {
			return unrobbed(o, func(try *accept.Outcome) (float64, error) {
				return soundAttempt(ctx, try, t, length, b)
			})
		},
	}
}

// soundAttempt makes one take and returns the share of CPU time that was stolen from the machine meanwhile.
func soundAttempt(ctx context.Context, o *accept.Outcome, t soundTake, length time.Duration, b bars) (float64, error) {
	participants, ids := 3, []int{0, 1, 2}
	if t.web {
		participants, ids = 0, ids[:1]
	}
	l, err := newLab(ctx, participants)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.close() }()
	ask, done, err := l.soundRequest(ctx, t)
	if err != nil {
		return 0, err
	}
	defer done()
	before, err := rig.LookSteal()
	if err != nil {
		return 0, err
	}
	r, err := l.start(ctx, ask)
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, length); err != nil {
		return 0, err
	}
	stopped := time.Now()
	info, _, err := r.stop(ctx)
	if err != nil {
		return 0, err
	}
	after, err := rig.LookSteal()
	if err != nil {
		return 0, err
	}
	if info.Status != livekit.EgressStatus_EGRESS_COMPLETE {
		return 0, fmt.Errorf("%v: %s", info.Status, info.Error)
	}
	if err := l.oneEnd(ctx, o, info.EgressId); err != nil {
		return 0, err
	}
	return after.Since(before), judgeSound(ctx, o, t.file, ids, b, info, stopped.Sub(time.Unix(0, info.FileResults[0].StartedAt)))
}

// soundRequest asks for a file by type; the name's own extension must not matter.
func (l *lab) soundRequest(ctx context.Context, t soundTake) (ask func() (*livekit.EgressInfo, error), done func(), err error) {
	path := filepath.Join(l.media, "sound-"+t.file.name+".raw")
	files := []*livekit.EncodedFileOutput{{FileType: t.file.kind, Filepath: path}}
	advanced := &livekit.EncodingOptions{AudioCodec: t.file.codec}
	url, done := "", func() {}
	if t.web {
		pages, err := servePages(ctx, publish.Size{Width: hd.width, Height: hd.height})
		if err != nil {
			return nil, nil, err
		}
		url, done = pages.Card(500*time.Millisecond, -1), pages.Close
	}
	return func() (*livekit.EgressInfo, error) {
		switch {
		case t.v2:
			req := &livekit.StartEgressRequest{
				Encoding: &livekit.StartEgressRequest_Advanced{Advanced: advanced},
				Outputs:  []*livekit.Output{{Config: &livekit.Output_File{File: &livekit.FileOutput{FileType: t.file.kind, Filepath: path}}}},
			}
			if t.web {
				req.Source = &livekit.StartEgressRequest_Web{Web: &livekit.WebSource{Url: url, AwaitStartSignal: true, AudioOnly: true}}
			} else {
				req.RoomName, req.Source = l.room, &livekit.StartEgressRequest_Template{Template: &livekit.TemplateSource{AudioOnly: true}}
			}
			return l.API.StartEgress(ctx, req)
		case t.web:
			return l.API.StartWeb(ctx, &livekit.WebEgressRequest{
				Url: url, AwaitStartSignal: true, AudioOnly: true, FileOutputs: files,
				Options: &livekit.WebEgressRequest_Advanced{Advanced: advanced},
			})
		}
		return l.API.StartRoomComposite(ctx, &livekit.RoomCompositeEgressRequest{
			RoomName: l.room, AudioOnly: true, FileOutputs: files,
			Options: &livekit.RoomCompositeEgressRequest_Advanced{Advanced: advanced},
		})
	}, done, nil
}
