package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"golang.org/x/sync/errgroup"
)

// Options say who publishes what, and where.
type Options struct {
	URL       string // ws://host:port of livekit-server
	APIKey    string
	APISecret string
	Room      string

	Participants int           // 1 … card.IDs, named p0, p1, …
	Sizes        []Size        // participant i gets Sizes[i mod len]; none: 640x360
	VideoOnly    bool          // no sound
	AudioOnly    bool          // no picture
	Talk         time.Duration // > 0: participants take turns of this length at being the active speaker

	Cache Cache
	Log   *slog.Logger // nil: silent
}

func (o Options) validate() error {
	switch {
	case o.URL == "" || o.APIKey == "" || o.APISecret == "" || o.Room == "":
		return errors.New("url, api key, api secret and room are all needed")
	case o.Participants < 1 || o.Participants > card.IDs:
		return fmt.Errorf("%d participants: want 1 to %d", o.Participants, card.IDs)
	case o.VideoOnly && o.AudioOnly:
		return errors.New("video only and audio only exclude each other")
	}
	return nil
}

func (o Options) card(id int) Card {
	size := Size{640, 360}
	if len(o.Sizes) > 0 {
		size = o.Sizes[id%len(o.Sizes)]
	}
	return Card{ID: id, Phase: card.PhaseOf(id, o.Participants), Size: size}
}

// Audio levels in −dBov. The server takes what is above −35 for most of
// 400 ms as speech; beeps are too short for that.
const (
	levelBeep  = 18
	levelQuiet = 60
	levelTalk  = 15
)

// level is the audio level of packet n of participant id.
func (o Options) level(id int, n int64) *uint8 {
	v := uint8(levelQuiet)
	if card.Beeping(card.PhaseOf(id, o.Participants), int(n%opusPackets)*opusSamples) {
		v = levelBeep
	}
	if o.Talk > 0 {
		turn := time.Duration(n) * 20 * time.Millisecond / o.Talk
		if int(turn)%o.Participants == id {
			v = levelTalk
		} else {
			v = levelQuiet
		}
	}
	return &v
}

// Prepare makes all the material that Start would need, two cards at a time.
func (o Options) Prepare(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(2)
	for id := range o.Participants {
		g.Go(func() error {
			_, err := o.Cache.Load(ctx, o.card(id))
			return err
		})
	}
	return g.Wait()
}
