package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/ffegress/ffegress/integration/card"
	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"golang.org/x/sync/errgroup"
)

// Options say who publishes what, and where.
type Options struct {
	URL       string // ws://host:port of livekit-server
	APIKey    string
	APISecret string
	Room      string

	Name         string        // participants are named p0, p1, … with "p", which is the default
	Identity     string        // of the only participant; empty: Name decides
	Agent        bool          // participants are of the kind AGENT
	Participants int           // 1 … card.IDs
	FirstCard    int           // cards' IDs are counted from here, for a room with several publishers
	Sizes        []Size        // participant i gets Sizes[i mod len]; none: 640x360
	Layers       []Size        // low to high, 2 or 3: the picture is simulcast, and Sizes means nothing; see Cards
	Video, Audio string        // codecs; VP8 and Opus are the default
	Encrypted    bool          // the tracks are said to be encrypted end to end
	VideoOnly    bool          // no sound
	AudioOnly    bool          // no picture
	Answer       bool          // the picture answers each PLI with a keyframe soon, as a camera does; not with Layers
	Talk         time.Duration // > 0: participants take turns of this length at being the active speaker
	PPM          float64       // by how much the participants' clocks run faster, in millionths
	Changes      []Size        // the picture takes on these sizes in turn, ChangeEvery each; not with Layers and Answer
	Path         Path          // to the server

	Cache Cache
	Log   *slog.Logger // nil: silent
}

func (o Options) validate() error {
	switch {
	case o.URL == "" || o.APIKey == "" || o.APISecret == "" || o.Room == "":
		return errors.New("url, api key, api secret and room are all needed")
	case o.Participants < 1 || o.FirstCard < 0 || o.FirstCard+o.Participants*max(1, len(o.Layers)) > card.IDs:
		return fmt.Errorf("%d participants with %d layers from card %d: want 1 to %d cards", o.Participants, len(o.Layers), o.FirstCard, card.IDs)
	case o.Identity != "" && o.Participants > 1:
		return errors.New("several participants cannot have one identity")
	case len(o.Layers) == 1 || len(o.Layers) > len(qualities):
		return fmt.Errorf("%d layers: want 2 or %d", len(o.Layers), len(qualities))
	case o.Answer && len(o.Layers) > 0:
		return errors.New("layers do not answer")
	case len(o.Changes) > 0 && (o.Answer || len(o.Layers) > 0):
		return errors.New("neither layers nor answers change their size")
	case o.VideoOnly && o.AudioOnly:
		return errors.New("video only and audio only exclude each other")
	}
	return checkCodecs(o.Video, o.Audio)
}

func (o Options) encryption() livekit.Encryption_Type {
	if o.Encrypted {
		return livekit.Encryption_GCM
	}
	return livekit.Encryption_NONE
}

func (o Options) kind() lksdk.ParticipantKind {
	if o.Agent {
		return lksdk.ParticipantAgent
	}
	return lksdk.ParticipantStandard
}

func (o Options) name(id int) string {
	return cmp.Or(o.Identity, cmp.Or(o.Name, "p")+strconv.Itoa(id))
}

// Cards are what participant id shows: one, or with Layers one for each, whose
// ID tells which layer a subscriber gets.
func (o Options) Cards(id int) []Card {
	phase := card.PhaseOf(id, o.Participants)
	if len(o.Layers) == 0 {
		size := Size{640, 360}
		switch {
		case o.AudioOnly:
			size = Size{}
		case len(o.Sizes) > 0:
			size = o.Sizes[id%len(o.Sizes)]
		}
		return []Card{{ID: o.FirstCard + id, Phase: phase, Size: size, Video: o.Video, Audio: o.Audio}}
	}
	var cards []Card
	for i, size := range o.Layers {
		cards = append(cards, Card{ID: o.FirstCard + id*len(o.Layers) + i, Phase: phase, Size: size, Video: o.Video, Audio: o.Audio})
	}
	return cards
}

// keyed are a participant's card with its keyframes at all the places that an
// answer may need, or in all its sizes; the first one where they are without.
func (o Options) keyed(what Card) []Card {
	cards := []Card{what}
	for _, size := range o.Changes {
		what.Size = size
		cards = append(cards, what)
	}
	for phase := KeyChoice; o.Answer && phase < KeyInterval; phase += KeyChoice {
		what.KeyPhase = phase
		cards = append(cards, what)
	}
	return cards
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
		var cards []Card
		for _, what := range o.Cards(id) {
			cards = append(cards, o.keyed(what)...)
		}
		for _, what := range cards {
			g.Go(func() error {
				_, err := o.Cache.Load(ctx, what)
				return err
			})
		}
	}
	return g.Wait()
}
