package node

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/ffegress/ffegress/integration/lab"
	"github.com/ffegress/ffegress/integration/publish"
	"github.com/ffegress/ffegress/integration/rig"
)

// speaker is somebody who only speaks; there are more of them than cards, so that some sound alike.
type speaker struct {
	room, identity string
	track          string // SID
	card           publish.Card
}

// crowd has n people speak, each with a connection and a track of his own, at most so many in a room. The material is
// encoded already.
func (p *post) crowd(ctx context.Context, n, inRoom int) (all []speaker, leave func(), err error) {
	var publishers []*publish.Publisher
	leave = func() {
		for _, pub := range publishers {
			pub.Close()
		}
	}
	for len(all) < n {
		here := min(card.IDs, inRoom-len(all)%inRoom, n-len(all))
		o := publish.Options{
			Room: fmt.Sprintf("%s-crowd-%d", p.Room, len(all)/inRoom), Name: fmt.Sprintf("g%d-", len(publishers)),
			Participants: here, AudioOnly: true,
		}
		pub, err := p.Publish(ctx, o)
		if err != nil {
			leave()
			return nil, nil, err
		}
		publishers = append(publishers, pub)
		for id := range here {
			all = append(all, speaker{o.Room, fmt.Sprintf("%s%d", o.Name, id), pub.Tracks(id)[0], o.Cards(id)[0]})
		}
	}
	last := publishers[len(publishers)-1]
	return all, leave, lab.Pause(ctx, time.Until(last.Zero())+500*time.Millisecond)
}

// material is what somebody sends.
func (s speaker) material(ctx context.Context) (*publish.Material, error) {
	cache, err := rig.CacheDir()
	if err != nil {
		return nil, err
	}
	return publish.Cache{Dir: filepath.Join(cache, "material")}.Load(ctx, s.card)
}
